"""A browser's side of a resumable upload."""

import base64

from gallery.models import Upload

CHUNK = "application/offset+octet-stream"


class Sender:
    """A tus client, as small as it can be."""

    def __init__(self, client, gallery):
        self.client = client
        self.url = f"/api/galleries/{gallery.slug}/uploads/"

    def create(self, length, *, name="camp.jpg", **headers):
        metadata = f"filename {base64.b64encode(name.encode()).decode()}"
        given = {"Upload-Length": str(length), "Upload-Metadata": metadata}
        return self.client.post(
            self.url, headers={"Tus-Resumable": "1.0.0"} | given | headers
        )

    def begin(self, content, *, name="camp.jpg"):
        return self.create(len(content), name=name)["Location"]

    def offset(self, address):
        return int(self.client.head(address)["Upload-Offset"])

    def patch(self, address, chunk, *, offset, **headers):
        return self.client.patch(
            address,
            chunk,
            content_type=CHUNK,
            headers={"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset)} | headers,
        )

    def send(self, content, *, name="camp.jpg", piece=5_000):
        address = self.begin(content, name=name)
        for start in range(0, len(content), piece):
            answer = self.patch(address, content[start : start + piece], offset=start)
            assert answer.status_code == 204, answer.content
        return address


def the_upload():
    return Upload.objects.get()
