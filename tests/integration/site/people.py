"""People of the tests: in roles, with phones, logged in as far as a test needs."""

from __future__ import annotations

import time
from typing import Any

from django.contrib.auth.hashers import MD5PasswordHasher, make_password
from django.contrib.auth.models import Group, User
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

PASSWORD = "correct horse battery staple"
KEPT = make_password(PASSWORD, hasher=MD5PasswordHasher())
LOGIN = "/admin/login/"


def person(name: str, *roles: str, **fields: Any) -> User:
    user = User.objects.create(username=name, password=KEPT, **{"is_staff": True, **fields})
    user.groups.set([Group.objects.get(name=role) for role in roles])
    return user


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def log_in(client: Client, name: str, password: str = PASSWORD, **options: Any) -> Any:
    return client.post(f"{LOGIN}?next=/", {"username": name, "password": password}, **options)


def phone(user: User) -> TOTPDevice:
    return TOTPDevice.objects.create(user=user, name="phone", confirmed=True)


def code(device: TOTPDevice, steps: int = 0) -> str:
    """What the phone shows, `steps` × 30 s from now."""
    device.refresh_from_db()
    clock = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    clock.time = time.time() + steps * device.step
    return f"{clock.token():06}"


def confirmed(user: User) -> Client:
    client = browser(user)
    device = TOTPDevice.objects.filter(user=user, confirmed=True).first() or phone(user)
    answer = client.post("/second-factor/", {"code": code(device)})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    return client
