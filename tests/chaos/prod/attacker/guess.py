"""
Wrong passwords: usage: guess.py ADDRESS HOST[:PORT] E-MAIL COUNT

Prints how often each status was answered, as JSON.
"""

import collections
import http.client
import json
import re
import ssl
import sys
import threading
import urllib.parse

AT_ONCE = 5
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


class Guesser:
    def __init__(self, address: str, host: str):
        self._host = host
        context = ssl._create_unverified_context()  # noqa: S323 - nginx' own certificate
        self._new = lambda: http.client.HTTPSConnection(
            address, 8443, context=context, timeout=60
        )
        self._form = ""
        self._cookie = ""

    def look(self) -> None:
        connection = self._new()
        connection.request("GET", "/sign-in/", headers={"Host": self._host})
        answer = connection.getresponse()
        page = answer.read().decode()
        found = TOKEN.search(page)
        if found:
            self._form = found[1]
            self._cookie = answer.headers["Set-Cookie"].split(";")[0]

    def guess(self, email: str, password: str) -> int:
        fields = {"username": email, "password": password}
        body = urllib.parse.urlencode(fields | {"csrfmiddlewaretoken": self._form})
        headers = {
            "Host": self._host,
            "Cookie": self._cookie,
            "Referer": f"https://{self._host}/sign-in/",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection = self._new()
        connection.request("POST", "/sign-in/", body=body, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status


def main(address: str, host: str, email: str, count: str) -> None:
    statuses: collections.Counter[int] = collections.Counter()
    numbers = iter(range(int(count)))

    def work() -> None:
        guesser = Guesser(address, host)
        guesser.look()
        for number in numbers:
            try:
                statuses[guesser.guess(email, f"wrong-{number}")] += 1
            except OSError:
                statuses[0] += 1

    threads = [threading.Thread(target=work) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(json.dumps(dict(statuses)) + "\n")


main(*sys.argv[1:])
