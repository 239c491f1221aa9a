"""People who mean no good, while others look at their photos."""

import time

import pytest
from case import Promise
from waiting import wait_until

SLOW_SECONDS = 40
ADDRESSES = 4
GUESSES = 500
QUICK_FLOOD_SECONDS, FLOOD_SECONDS = 20, 60


def test_200_slow_clients_hold_nobody_up(site, case, attackers):
    before = site.restarts()
    one = case("200 slow clients for 40 s", Promise("no error for the others"))
    with one.under_load():
        attacks = [
            attackers.slow_clients(seconds=SLOW_SECONDS) for _ in range(ADDRESSES)
        ]
        results = [attack.result() for attack in attacks]
    connected = sum(result["connected"] for result in results)
    closed = sum(result["closed"] for result in results)
    one.note(f"{connected} got in, {closed} were cut off")
    assert connected > 150, results
    assert site.restarts() == before


@pytest.mark.quick
def test_a_flood_is_turned_away_at_once(site, case, attackers, pytestconfig):
    is_quick = pytestconfig.getoption("markexpr") == "quick"
    seconds = QUICK_FLOOD_SECONDS if is_quick else FLOOD_SECONDS
    name = f"A flood by 200 connections for {seconds} s"
    before = site.restarts()
    words = "the excess gets 429 or 503; no error for the others; nothing restarts"
    one = case(name, Promise(words))
    with one.under_load():
        result = attackers.flood(seconds=seconds).result()
    rate = result["asked"] / result["seconds"]
    turned_away = result["refused"] + result["unavailable"]
    one.note(
        f"{rate:,.0f}/s came: {result['good']} answered, {turned_away} turned away, "
        f"99 % within {result['p99_ms']:.0f} ms"
    )
    assert result["good"] > 0, result
    assert turned_away > 10 * result["good"], f"that was no flood: {result}"
    assert result["broken"] == 0, f"connections were cut off: {result}"
    assert result["other"] == 0, f"neither an answer nor 429 or 503: {result}"
    assert result["timeouts"] == 0, f"some were left without an answer: {result}"
    assert site.restarts() == before


def test_500_wrong_passwords_lock_nobody_else_out(site, case, attackers):
    one = case("500 wrong sign-ins", Promise("others sign in meanwhile; no error"))
    victim = site.stack.admin
    with one.under_load():
        attack = attackers.guesses(victim.email, GUESSES)
        time.sleep(5)
        site.stack.visitor(victim, verify=False)  # raises when it is not let in
        statuses = {int(status): count for status, count in attack.result().items()}
    said = ", ".join(
        f"{count} × {status}" for status, count in sorted(statuses.items())
    )
    one.note(f"answers: {said}")
    assert statuses.get(302, 0) == 0, "a wrong password was let in"
    assert statuses.get(429, 0) > GUESSES * 0.8, statuses
    assert set(statuses) <= {0, 200, 429, 503}, statuses
    wait_until(
        lambda: site.stack.visitor(victim, verify=False),
        within=30,
        what="the person whose password was guessed at signs in",
    )
