"""The account page, letters and invitations, and two tabs with the same tokens."""

import re
import secrets
import time

import pytest
from playwright.sync_api import expect
from running_site import Person
from visitor import PHONE

pytestmark = pytest.mark.browser
MAKE = """
from accounts.models import User
from django.contrib.auth.models import Group
for email, password, role in {people!r}:
    user = User.objects.create_user(email, password)
    user.groups.add(Group.objects.get(name=role))
"""
ASK_OFTEN = """async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => fetch("/api/account/")));
  return answers.map((answer) => answer.status);
}"""
# Begins in all tabs before the first answer, and is asked for its result later.
BEGIN = f"() => {{ window.asked = ({ASK_OFTEN})(); }}"


@pytest.fixture(scope="module")
def people(site):
    """Somebody for each test: it changes their password or ends their sign-ins."""
    roles = {
        "walker": "photographer",
        "everywhere": "member",
        "forgetful": "member",
        "tabs": "member",
        "inviter": "moderator",
    }
    people = {
        name: Person(f"{name}@example.com", secrets.token_urlsafe(12)) for name in roles
    }
    rows = [(one.email, one.password, roles[name]) for name, one in people.items()]
    process = site.python(MAKE.format(people=rows))
    process.communicate(timeout=60)
    assert process.returncode == 0
    return people


def link_in_letter(site, path):
    """The link of the newest letter, which LOCAL prints in the worker's log."""
    for _ in range(150):
        log = (site.logs / "worker.log").read_text()
        links = re.findall(rf"{re.escape(site.url)}({path}\S+)", log)
        if links:
            return links[-1]
        time.sleep(0.2)
    raise AssertionError(f"No letter came:\n{log[-2000:]}")


def windows():
    return pytest.mark.parametrize("window", ["desktop", "phone"])


def options(window):
    return PHONE if window == "phone" else {}


def overflowing(page):
    return page.evaluate(
        """() => [...document.querySelectorAll("main *")]
        .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
        .map((e) => e.outerHTML.slice(0, 80))"""
    )


@windows()
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_account_page_keeps_name_and_language(open_visitor, people, window, scheme):
    visitor = open_visitor(people["walker"], color_scheme=scheme, **options(window))
    page = visitor.page
    page.goto("/account/")
    page.get_by_label("First name").fill("Vivian")
    page.get_by_label("Last name").fill("Maier")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Your changes are saved.")
    expect(page.get_by_label("Last name")).to_have_value("Maier")
    expect(page.get_by_text("This device")).to_be_visible()
    visitor.screenshot(f"account-{scheme}-{window}")
    assert overflowing(page) == []


def test_the_language_of_the_account_is_that_of_all_pages(open_visitor, people):
    page = open_visitor(people["walker"]).page
    page.goto("/account/")
    page.locator("select[name=language]").select_option("fr")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "fr")

    page.goto("/account/")
    page.locator("select[name=language]").select_option("en")
    page.locator("form[action='/account/'] button").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_a_wrong_old_password_is_told_beside_its_field(open_visitor, people):
    visitor = open_visitor(people["walker"])
    page = visitor.page
    page.goto("/account/")
    page.get_by_label("Old password").fill("wrong")
    page.get_by_label("New password", exact=True).fill("half-dome-1927")
    page.get_by_label("New password, once more").fill("half-dome-1927")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("The old password is wrong.")).to_be_visible()
    visitor.screenshot("account-wrong-password-desktop")


def test_signing_out_everywhere_reaches_the_other_window_at_once(open_visitor, people):
    here, there = open_visitor(), open_visitor(**PHONE)
    for visitor in (here, there):
        visitor.sign_in(people["everywhere"])
    there.page.goto("/account/")
    expect(there.page.get_by_role("listitem")).to_have_count(2)

    here.page.goto("/account/")
    here.page.get_by_role("button", name="Sign out everywhere").click()
    expect(here.page.get_by_role("status")).to_contain_text("on all devices")

    there.expected_errors.append("401")
    assert there.page.evaluate("fetch('/api/account/').then((a) => a.status)") == 401
    there.page.goto("/account/")
    expect(there.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_one_device_is_signed_out_from_another(open_visitor, people):
    here, there = open_visitor(), open_visitor()
    for visitor in (here, there):
        visitor.sign_in(people["everywhere"])
    here.page.goto("/account/")
    others = here.page.get_by_role("listitem").filter(has_not_text="This device")
    others.get_by_role("button").click()
    expect(here.page.get_by_role("status")).to_have_text("That device is signed out.")

    there.page.goto("/account/")
    expect(there.page.get_by_role("heading", name="Sign in")).to_be_visible()
    here.page.goto("/account/")
    expect(here.page.get_by_role("heading", name="Account")).to_be_visible()


@windows()
def test_a_forgotten_password_is_replaced_by_a_letter(
    open_visitor, site, people, window
):
    visitor = open_visitor(**options(window))
    page, person = visitor.page, people["forgetful"]
    page.goto("/sign-in/")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail address").fill(person.email)
    visitor.screenshot(f"password-reset-{window}")
    seen = (site.logs / "worker.log").read_text().count("/password-reset/")
    page.get_by_role("button", name="Send the e-mail").click()
    expect(page.get_by_role("heading", name="Check your inbox")).to_be_visible()
    visitor.screenshot(f"password-reset-sent-{window}")
    link = newer_link(site, seen)

    page.goto(link)
    password = secrets.token_urlsafe(12)
    page.get_by_label("New password", exact=True).fill(password)
    page.get_by_label("New password, once more").fill(password)
    visitor.screenshot(f"password-reset-choose-{window}")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("status")).to_contain_text("Sign in with the new one.")
    visitor.sign_in(Person(person.email, password))

    visitor.expected_errors.append("410")
    page.goto(link)
    expect(page.get_by_role("heading")).to_have_text("This link is no longer good")
    visitor.screenshot(f"password-reset-expired-{window}")


def newer_link(site, seen):
    for _ in range(150):
        if (site.logs / "worker.log").read_text().count("/password-reset/") > seen:
            return link_in_letter(site, "/password-reset/")
        time.sleep(0.2)
    raise AssertionError("No new letter came.")


@pytest.mark.smoke
@windows()
def test_an_invitation_leads_to_an_account(open_visitor, site, people, window):
    moderator = open_visitor(people["inviter"], **options(window))
    page, email = moderator.page, f"invited-{window}@example.com"
    page.goto("/invitations/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Role").select_option("photographer")
    assert "operator" not in page.get_by_label("Role").inner_html()
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("status")).to_contain_text(f"on its way to {email}")
    moderator.screenshot(f"invitations-{window}")
    assert overflowing(page) == []
    link = link_for(site, email)

    visitor = open_visitor(**options(window))
    page, password = visitor.page, secrets.token_urlsafe(12)
    page.goto(link)
    expect(page.get_by_text(f"You will sign in as {email}.")).to_be_visible()
    page.get_by_label("First name").fill("Vivian")
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_label("Password, once more").fill(password)
    visitor.screenshot(f"invitation-accept-{window}")
    page.get_by_role("button", name="Make my account").click()
    expect(page.get_by_role("heading", name="Galleries")).to_be_visible()
    page.goto("/galleries/new/")
    expect(page.get_by_role("heading", name="New gallery")).to_be_visible()

    visitor.expected_errors.append("410")
    page.goto(link)
    expect(page.get_by_role("heading")).to_contain_text("no longer good")
    visitor.screenshot(f"invitation-used-{window}")


def link_for(site, email):
    """Of the letter to `email`: the first link after its address."""
    for _ in range(150):
        log = (site.logs / "worker.log").read_text()
        _before, found, letter = log.rpartition(f"To: {email}")
        link = re.search(rf"{re.escape(site.url)}(/invitations/\S+)", letter)
        if found and link:
            return link[1]
        time.sleep(0.2)
    raise AssertionError(f"No letter to {email} came:\n{log[-2000:]}")


def test_two_tabs_whose_access_token_expired_both_go_on(open_visitor, people):
    visitor = open_visitor()
    visitor.sign_in(people["tabs"])
    context = visitor.page.context
    other = context.new_page()
    other.goto("/account/")
    for _round in range(3):
        before = refresh_token(context)
        context.clear_cookies(name="access")
        for tab in (visitor.page, other):
            tab.evaluate(BEGIN)
        for tab in (visitor.page, other):
            assert tab.evaluate("() => window.asked") == [200] * 8
        assert refresh_token(context) != before
        for tab in (visitor.page, other):
            tab.reload()
            expect(tab.get_by_role("button", name="Sign out").first).to_be_visible()
    other.goto("/account/")
    expect(other.get_by_role("listitem")).to_have_count(1)


def refresh_token(context):
    return {one["name"]: one["value"] for one in context.cookies()}["refresh"]


def test_a_lost_answer_signs_nobody_out(open_visitor, people):
    """The server has exchanged the tokens, and the browser never heard of it."""
    visitor = open_visitor()
    visitor.sign_in(people["tabs"])
    context = visitor.page.context
    context.clear_cookies(name="access")
    before = context.cookies()
    visitor.page.evaluate("fetch('/api/account/')")
    assert refresh_token(context) not in [one["value"] for one in before]

    context.clear_cookies()
    context.add_cookies(before)
    visitor.page.goto("/account/")
    expect(visitor.page.get_by_role("heading", name="Account")).to_be_visible()
