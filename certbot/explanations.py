"""What certbot said, as a sentence that names the cause and the next step."""

import re

PROBLEM = re.compile(
    r"Domain:\s*(?P<name>\S+)\s+Type:\s*(?P<type>\S+)\s+Detail:\s*(?P<detail>.+)"
)
AGAIN = "Then: docker compose exec certbot renew-now"
# Of one name, by the authority's own word for it.
OF_A_NAME = {
    "dns": (
        "The name {name} is not known on the internet (DNS). Give it an A record with "
        "this server's address, or take it out of SITE_URL and ALLOWED_HOSTS."
    ),
    "connection": (
        "Port 80 of {name} cannot be reached from the internet. Open it in the "
        "firewall, let HTTP_PORT be 80, and check that the name's A record is this "
        "server's address."
    ),
    "unauthorized": (
        "Another server answers at {name}, port 80. Let its A record (and AAAA record, "
        "if there is one) be this server's address."
    ),
    "caa": (
        "The CAA record of {name} allows other certificate authorities only. Add the "
        "one of ACME_SERVER to it (Let's Encrypt: letsencrypt.org), or take it away."
    ),
}
# Of the whole request, by what certbot prints.
OF_ALL = [
    (
        r"rateLimited|too many (certificates|failed|registrations|new orders)",
        "The certificate authority has seen too many requests for {names} and asks to "
        "wait. Correct what failed before, and let the next try come by itself.",
    ),
    (
        r"invalidContact|invalidEmail|unable to parse email|contact email|"
        r"is not a valid e?-?mail",
        "The certificate authority does not take ACME_EMAIL. Write a real address of "
        "a real domain into .env, and run ./install_docker.sh again.",
    ),
    (
        r"rejectedIdentifier|does not end with a (valid )?public suffix|policy forbids",
        "The certificate authority gives no certificates for {names}. Check SITE_URL "
        "and ALLOWED_HOSTS in .env, and run ./install_docker.sh again.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "The certificate authority at ACME_SERVER shows a certificate that is not "
        "trusted here. Check ACME_SERVER in .env, and this server's clock.",
    ),
    (
        r"ConnectionError|NewConnectionError|Max retries|NameResolutionError|"
        r"ConnectTimeout|Network is unreachable|HTTP Error 404|Name or service",
        "The certificate authority cannot be reached from this server. Check its way "
        "to the internet (DNS, firewall, proxy) and ACME_SERVER in .env.",
    ),
    (
        r"Permission denied|Read-only file system|No space left",
        "certbot cannot write its files. Check the disk and the volumes letsencrypt "
        "and acme: they belong to uid 101.",
    ),
    (
        r"accountDoesNotExist|No such account|Account \S+ (not found|does not exist)|"
        r"unable to find (an )?account",
        "The certificate authority does not know this server's account any more. Take "
        "it away (docker compose exec certbot rm -r /etc/letsencrypt/accounts) and "
        "try again.",
    ),
]


def explain(output: str, *, names: list[str]) -> str:
    """Whole sentences, one line a cause; the authority's own words go with them."""
    found = [explain_name(match) for match in PROBLEM.finditer(output)]
    if found:
        return "\n".join([*dict.fromkeys(found), AGAIN])
    together = ", ".join(names)
    for pattern, sentence in OF_ALL:
        if re.search(pattern, output, re.IGNORECASE):
            return f"{sentence.format(names=together)} {last_words(output)}"
    return f"There is no certificate for {together}. {last_words(output)}"


def explain_silence(seconds: int, output: str) -> str:
    """Of a try that had to be stopped."""
    return (
        f"certbot was stopped: it had not ended after {seconds / 60:g} minutes. Check "
        "this server's way to the internet (DNS, firewall, proxy), and ACME_SERVER in "
        f".env. {last_words(output)}"
    )


def explain_name(problem: re.Match[str]) -> str:
    name, kind, detail = problem["name"], problem["type"], problem["detail"].strip()
    if kind == "connection" and re.search("no such host|NXDOMAIN", detail):
        kind = "dns"  # some authorities do not tell the two apart
    sentence = OF_A_NAME.get(kind, "The certificate authority could not check {name}.")
    return f"{sentence.format(name=name)} (It said: {detail})"


NOISE = re.compile(
    r"^(Saving debug log|Ask for help|See the logfile|Requesting a|Account registered|"
    r"Some challenges|Renewing an|Certbot failed to|Hint:|Plugins selected|- - -)"
)


def last_words(output: str) -> str:
    lines = [line.strip() for line in output.splitlines()]
    said = [line for line in lines if line and not NOISE.match(line)]
    if not said:
        return "certbot said nothing."
    cause = " ".join(said[-2:]).rpartition("Caused by ")[2]
    return f"certbot said: {cause[:600]}"
