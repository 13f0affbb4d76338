"""What the Markdown field asks for while one writes: how the text will look, and new pictures.

Every refusal is JSON, `{"error": reason}`: the field's script takes any page, such as that of a
redirect, for the answer.
"""

import re
from functools import wraps

import reversion
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms.models import model_to_dict
from django.http import HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from portfolio import images, markdown
from portfolio.media import Unavailable
from portfolio.models import Image

from .uses import may_describe

CONTENT_APPS = ("portfolio", "roles", "journal")


def refusal(reason, status=400):
    return JsonResponse({"error": reason}, status=status)


def editor_required(may):
    """Lets in the signed-in editors for whom `may(user)` is true."""

    def decorate(view):
        @wraps(view)
        def guarded(request):
            if not request.user.is_authenticated:
                return refusal("Sign in again in another tab: your text is still here.", 403)
            if not admin.site.has_permission(request) or not may(request.user):
                return refusal("Your account lacks the permission for this: ask its owner.", 403)
            return view(request)

        return guarded

    return decorate


def may_write(user):
    """Whether the user may add or change any content."""
    permissions = (name.split(".", 1) for name in user.get_all_permissions())
    return any(
        app in CONTENT_APPS and action.startswith(("add_", "change_"))
        for app, action in permissions
    )


@never_cache
@require_POST
@editor_required(may_write)
def preview(request):
    """The Markdown in `content` as HTML."""
    content = request.POST.get("content")
    if content is None:
        return refusal("There is no text to show: send it as content.")
    try:
        markdown.validate_markdown(content)
    except ValidationError as error:
        return refusal(" ".join(error.messages))
    return HttpResponse(markdown.render(content, images.shown_in(content)))


class UploadForm(forms.Form):
    image = images.PictureField()


@never_cache
@require_POST
@editor_required(lambda user: user.has_perm("portfolio.add_image"))
def upload(request):
    """Keeps the picture in `image`; answers with the Markdown that shows it, and its address."""
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return refusal(" ".join(form.errors["image"]))
    try:
        url = images.store(form.cleaned_data["image"], request.user).file.url
    except Unavailable as error:
        return refusal(f"The picture was not kept. {error}", 503)
    return JsonResponse({"image_code": f"![]({url})", "image_path": url})


@never_cache
@require_POST
@editor_required(may_write)
def pictures(request):
    """Those of our pictures that the Markdown in `content` names, and what is said of each.

    `undescribed` are those that the text shows to nobody who cannot see them.
    """
    content = request.POST.get("content", "")
    undescribed = {image.pk for image in images.undescribed(content)}
    found = [
        {
            "name": image.file.name,
            "original_name": image.name,
            "thumbnail": images.thumbnail(image),
            "alt": image.alt,
            "decorative": image.decorative,
            "caption": image.caption,
            "undescribed": image.pk in undescribed,
            "may_change": may_describe(request.user, image),
        }
        for image in images.named_in(content)
    ]
    found.sort(key=lambda picture: content.index(picture["name"]))
    return JsonResponse({"pictures": found})


class DescriptionForm(forms.ModelForm):
    """What is said of a picture."""

    class Meta:
        model = Image
        fields = ["alt", "decorative", "caption"]

    def clean(self):
        # NUL is refused by each field. Half a character comes in an encoding of the sender's.
        words = f"{self.cleaned_data.get('alt')}{self.cleaned_data.get('caption')}"
        if re.search("[\ud800-\udfff]", words):
            raise ValidationError("The words have half a character in them: write them again.")
        return super().clean()


@never_cache
@require_POST
@editor_required(may_write)
@transaction.atomic
def describe(request):
    """Keeps of `alt`, `decorative` and `caption` what is sent, for the picture called `name`."""
    name = request.POST.get("name", "")
    # PostgreSQL takes neither NUL nor half a character.
    is_ours = re.fullmatch(images.NAME, name)
    image = is_ours and Image.objects.select_for_update().filter(file=name).first()
    if not image:
        return refusal("This picture is no longer in the library: add it again.")
    if not may_describe(request.user, image):
        return refusal("The picture is not yours to describe: say it in the text, as ![…](…).", 403)
    # What is not sent stays as it is.
    form = DescriptionForm(model_to_dict(image) | request.POST.dict(), instance=image)
    if not form.is_valid():
        return refusal(" ".join(reason for field in form.errors.values() for reason in field))
    with reversion.create_revision():
        reversion.set_user(request.user)
        reversion.set_comment("described")
        form.save()
    return JsonResponse({})
