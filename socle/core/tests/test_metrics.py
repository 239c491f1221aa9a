import time
from threading import Event

import pytest
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from socle.core.metrics import requests, worker_slots
from socle.core.metrics.collecting import SiteCollector

hanging = Event()
asked = []


def fine():
    yield GaugeMetricFamily("fine", "It is.", value=7)


def broken():
    yield GaugeMetricFamily("half", "It is.", value=7)
    raise OSError("no disk")


def slow():
    asked.append("slow")
    hanging.wait(20)
    yield GaugeMetricFamily("slow", "It is.", value=7)


def page_of(*names, patience_seconds=5.0):
    paths = [f"{__name__}.{name}" for name in names]
    registry = CollectorRegistry()
    registry.register(SiteCollector(paths, patience_seconds=patience_seconds))
    hanging.set()
    hanging.clear()
    asked.clear()
    return lambda: generate_latest(registry).decode()


def value(name, **labels):
    return requests.REGISTRY.get_sample_value(name, labels) or 0


def count(method, view, status):
    return value("http_requests_total", method=method, view=view, status=status)


@pytest.fixture
def counted(monkeypatch):
    """The site's middleware, with numbers kept in this process."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "/unused")
    return requests.MetricsMiddleware


def test_requests_are_counted_by_the_name_of_their_page(rf, counted):
    def view(request):
        request.resolver_match = type("Match", (), {"view_name": "gallery:list"})
        assert value("http_requests_in_progress") == 1
        return HttpResponse(status=201)

    before = count("POST", "gallery:list", "201")
    counted(view)(rf.post("/one/"))

    assert count("POST", "gallery:list", "201") == before + 1
    assert value("http_requests_in_progress") == 0
    assert value("http_request_duration_seconds_count", view="gallery:list") >= 1


def test_whatever_is_asked_for_makes_no_new_numbers(rf, counted):
    site = counted(lambda _request: HttpResponse(status=404))
    before = count("other", "none", "404")
    for n in range(3):
        site(rf.generic("PROPFIND", f"/made-up/{n}/"))

    assert count("other", "none", "404") == before + 3


def test_what_breaks_is_counted_as_a_failure(rf, counted):
    def view(_request):
        raise ValueError

    before = count("GET", "none", "500")
    with pytest.raises(ValueError):  # noqa: PT011
        counted(view)(rf.get("/"))

    assert count("GET", "none", "500") == before + 1
    assert value("http_requests_in_progress") == 0


def test_probes_are_not_counted(rf, counted):
    before = count("GET", "none", "200")
    counted(lambda _request: HttpResponse())(rf.get("/health/live"))

    assert count("GET", "none", "200") == before


def test_without_a_port_nothing_is_counted(monkeypatch):
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    with pytest.raises(MiddlewareNotUsed):
        requests.MetricsMiddleware(HttpResponse)


def test_a_collector_that_fails_leaves_the_others_whole():
    page = page_of("broken", "fine")()

    assert "\nfine 7.0\n" in page
    assert "\nhalf " not in page
    assert (
        'site_collector_up{collector="socle.core.tests.test_metrics.broken"} 0.0'
        in page
    )
    assert (
        'site_collector_up{collector="socle.core.tests.test_metrics.fine"} 1.0' in page
    )


def test_a_collector_that_hangs_is_waited_for_once():
    page = page_of("slow", "fine", patience_seconds=2)
    began = time.monotonic()
    first, second = page(), page()

    assert time.monotonic() - began < 15  # what hangs, hangs for 20 s
    assert "\nfine 7.0\n" in first
    assert "\nfine 7.0\n" in second
    assert asked == ["slow"]
    hanging.set()


def test_a_place_is_given_again_once_its_worker_is_gone():
    def worker(slot):
        return type("Worker", (), {"metrics_slot": slot})

    assert worker_slots.lowest_free([]) == 0
    assert worker_slots.lowest_free([worker(0), worker(1)]) == 2
    assert worker_slots.lowest_free([worker(2), worker(0)]) == 1
