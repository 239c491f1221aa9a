import pytest
from playwright.sync_api import expect
from visitor import PHONE

pytestmark = pytest.mark.browser


@pytest.mark.smoke
@pytest.mark.parametrize("window", ["desktop", "phone"])
def test_a_wrong_password_is_told_and_the_right_one_leads_in(
    open_visitor, site, window
):
    visitor = open_visitor(**(PHONE if window == "phone" else {}))
    page = visitor.page
    page.goto("/sign-in/")
    visitor.screenshot(f"sign-in-{window}")
    page.get_by_label("E-mail address").fill(site.member.email)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "address or the password is wrong"
    )
    visitor.screenshot(f"sign-in-wrong-{window}")

    visitor.sign_in(site.member)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_signing_in_leads_to_the_page_that_was_asked_for(open_visitor, site):
    page = open_visitor().page
    page.goto("/galleries/new/")
    page.get_by_label("E-mail address").fill(site.photographer.email)
    page.get_by_label("Password").fill(site.photographer.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="New gallery")).to_be_visible()


def test_signing_out_takes_the_cookies_away(open_visitor, site):
    visitor = open_visitor()
    visitor.sign_in(site.member)  # a sign-in of its own, which ends here
    page = visitor.page
    before = page.context.cookies()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert not {"access", "refresh"} & {one["name"] for one in page.context.cookies()}

    page.context.add_cookies(before)  # as somebody who had copied them
    page.goto("/account/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_no_script_of_a_page_reads_the_tokens(open_visitor, site):
    page = open_visitor(site.member).page
    cookies = {one["name"]: one for one in page.context.cookies()}
    assert "access" not in page.evaluate("document.cookie")
    assert "refresh" not in page.evaluate("document.cookie")
    for name in ("access", "refresh"):
        assert cookies[name]["httpOnly"]
        assert cookies[name]["sameSite"] == "Lax"  # Strict in PROD


@pytest.mark.smoke
def test_only_staff_see_the_way_to_flower_and_admin(open_visitor, site):
    for person, count in ((site.admin, 1), (site.member, 0)):
        page = open_visitor(person).page
        expect(page.get_by_role("link", name="Flower")).to_have_count(count)
        expect(page.get_by_role("link", name="Admin")).to_have_count(count)


def test_the_admin_is_open_to_whoever_has_signed_in_to_the_site(open_visitor, site):
    visitor = open_visitor(site.admin)
    visitor.page.get_by_role("link", name="Admin").click()
    expect(visitor.page.get_by_role("link", name="Invitations").first).to_be_visible()
    visitor.screenshot("admin-desktop")

    stranger = open_visitor()
    stranger.page.goto("/admin/")
    expect(stranger.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_too_many_wrong_passwords_are_told(open_visitor):
    visitor = open_visitor()
    visitor.expected_errors.append("429")
    page = visitor.page
    for _attempt in range(10):
        page.goto("/sign-in/")
        page.get_by_label("E-mail address").fill("guessed@example.com")
        page.get_by_label("Password").fill("guess")
        page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Too many wrong passwords")).to_be_visible()
    visitor.screenshot("locked-out-desktop")


@pytest.mark.smoke
def test_pages_that_are_not_there_or_not_allowed_say_so(open_visitor, site):
    visitor = open_visitor(site.member)
    visitor.expected_errors += ["404", "403"]
    visitor.page.goto("/galleries/no-such/")
    expect(visitor.page.get_by_role("heading")).to_have_text("There is nothing here")
    visitor.screenshot("404-desktop")
    visitor.page.goto("/galleries/new/")
    expect(visitor.page.get_by_role("heading")).to_contain_text("not for your account")
    visitor.screenshot("403-desktop")
