"""Sizes, ages and durations in the words of the command line."""

from django import template

from socle.backups.progress import readable_age, readable_duration, readable_size

register = template.Library()
register.filter("size", readable_size)
register.filter("duration", readable_duration)


@register.filter
def age(moment, now):
    return readable_age((now - moment).total_seconds())
