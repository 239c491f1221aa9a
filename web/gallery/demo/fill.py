"""What `setup_project` puts into an empty site, for people to look at."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, time

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import User
from accounts.services import fill_groups
from gallery.demo.photos import DemoPhoto, photos_of
from gallery.editing import edit_photo
from gallery.models import Gallery
from gallery.photo_import import accept_photo

PEOPLE = {
    "member": ("Mira", "Okafor"),
    "photographer": ("Nora", "Field"),
    "moderator": ("Theo", "Marchand"),
    "operator": ("Ivo", "Lindqvist"),
}
STAFF = {"moderator", "operator"}  # who also find their way about /admin/


@dataclass(frozen=True)
class DemoGallery:
    name: str
    description: str
    visibility: str
    owner: str
    event_date: date
    kinds: tuple[str, ...]
    lights: tuple[str, ...]
    count: int
    captions: tuple[str, ...] = ()


GALLERIES = (
    DemoGallery(
        "Winter at the hut",
        "Snow to the window sills, and the stove never went out.",
        "members",
        "moderator",
        date(2024, 12, 28),
        ("mountains", "forest"),
        ("snow", "rose"),
        8,
        ("First tracks", "The valley from the window"),
    ),
    DemoGallery(
        "A weekend by the sea",
        "Two days of wind, one evening without.",
        "members",
        "photographer",
        date(2025, 5, 17),
        ("sea", "dunes", "sea"),
        ("noon", "gold", "dusk"),
        10,
        ("Low tide", "Behind the dunes", "The evening without wind"),
    ),
    DemoGallery(
        "Not sorted yet",
        "Which of these go to the exhibition?",
        "private",
        "photographer",
        date(2025, 6, 21),
        ("lake", "dunes", "sea"),
        ("mist", "dawn", "rose"),
        6,
    ),
    DemoGallery(
        "Mountain week",
        "Seven huts in seven days: the high route, from west to east.",
        "public",
        "photographer",
        date(2025, 7, 19),
        ("mountains", "forest", "lake", "mountains"),
        ("dawn", "noon", "gold", "dusk"),
        14,
        ("Before sunrise", "The long way up", "Above the clouds", "Last light"),
    ),
    DemoGallery(
        "Night walk",
        "The longest night of the meteors. Bring a tripod next time.",
        "members",
        "moderator",
        date(2025, 8, 12),
        ("mountains", "lake", "forest", "sea", "dunes"),
        ("night", "dusk"),
        10,
        ("Moonrise", "Not a breath of wind"),
    ),
    DemoGallery(
        "Autumn on the lake",
        "The club's outing, with everybody's photos in one place.",
        "public",
        "moderator",
        date(2025, 10, 11),
        ("lake", "forest", "lake", "mountains"),
        ("mist", "gold", "rose", "dawn"),
        12,
        ("Fog until noon", "Then this", "The other shore", "Homewards"),
    ),
)


@dataclass
class Made:
    """What was not there before. passwords: by address, told once."""

    passwords: dict[str, str] = field(default_factory=dict)
    galleries: int = 0
    photos: int = 0

    @property
    def is_change(self) -> bool:
        return bool(self.passwords or self.galleries or self.photos)


def fill_site(*, password: str = "", tell=lambda text: None) -> Made:
    """
    Make people, galleries and photos that are missing; what is there stays as it is.

    password: of everybody who is made; "" gives each a random one.

    Raises Django's ValidationError for a password that is too weak.
    """
    made = Made()
    fill_groups()
    people = {role: demo_person(role, password, made=made) for role in PEOPLE}
    first = 0
    for wanted in GALLERIES:
        gallery = demo_gallery(wanted, owner=people[wanted.owner], made=made)
        missing = missing_photos(gallery, wanted, first=first)
        if missing:
            tell(f"{wanted.name}: {len(missing)} photos")
        with ThreadPoolExecutor() as pool:  # Pillow draws without the GIL
            contents = pool.map(DemoPhoto.content, missing)
            for photo, content in zip(missing, contents, strict=True):
                made.photos += take_in(photo, content, gallery=gallery)
        first += wanted.count
    return made


def demo_person(role: str, password: str, *, made: Made) -> User:
    address = f"{role}@example.com"
    person = User.objects.filter(email=address).first()
    if person is not None:
        return person
    first_name, last_name = PEOPLE[role]
    person = User(
        email=address,
        first_name=first_name,
        last_name=last_name,
        is_staff=role in STAFF,
    )
    password = password or secrets.token_urlsafe(12)
    validate_password(password, person)
    person.set_password(password)
    person.save()
    person.groups.add(Group.objects.get(name=role))
    made.passwords[address] = password
    return person


def demo_gallery(wanted: DemoGallery, *, owner: User, made: Made) -> Gallery:
    gallery = Gallery.objects.filter(name=wanted.name).first()
    if gallery is None:
        made.galleries += 1
        gallery = Gallery.objects.create(
            name=wanted.name,
            description=wanted.description,
            visibility=wanted.visibility,
            event_date=wanted.event_date,
            owner=owner,
        )
    return gallery


def missing_photos(
    gallery: Gallery, wanted: DemoGallery, *, first: int
) -> list[DemoPhoto]:
    """By name: to draw a photo only to find that it is there takes long."""
    photos = photos_of(
        wanted.kinds,
        wanted.lights,
        count=wanted.count,
        first=first,
        begins=datetime.combine(wanted.event_date, time(6, 40)),
        captions=wanted.captions,
    )
    present = set(gallery.photos.values_list("name", flat=True))
    return [photo for photo in photos if photo.name not in present]


def take_in(photo: DemoPhoto, content: bytes, *, gallery: Gallery) -> bool:
    """As an upload: checked, stored and sent to the workers. True if it was taken."""
    file = SimpleUploadedFile(photo.name, content)
    result = accept_photo(
        gallery, file, name=photo.name, owner=gallery.owner, now=timezone.now()
    )
    if result.status != "accepted" or result.photo is None:
        return False
    if photo.caption:
        edit_photo(result.photo, changes={"caption": photo.caption})
    return True
