"""The library of pictures in the admin: what each says, and where it is used."""

import reversion
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models.functions import Left
from django.forms import Script
from django.http import JsonResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html, format_html_join

from portfolio import images, rights
from portfolio.admin import FIELDS, ContentAdmin, revision
from portfolio.images import PictureField, stem_of
from portfolio.media import Unavailable
from portfolio.models import Image, clean_file_name

from .checks.content import quoted
from .lists import WHOLE, ContentList, ListedAdmin
from .models import WorkingCopy, model_of
from .uses import may_change, rename, uses, uses_of
from .views import DescriptionForm

LIST = "admin:portfolio_image_changelist"
LIMITS = "JPEG, PNG, WebP or AVIF; up to 20 MB and 50 megapixels."


class SeveralInput(forms.FileInput):
    """Lets several be chosen; a form takes one of them, so that there is a form for each."""

    allow_multiple_selected = True

    def value_from_datadict(self, data, files, name):
        return files.get(name)


class PictureForm(DescriptionForm):
    """Adds a picture with its description."""

    file = PictureField(
        widget=SeveralInput(
            PictureField.widget.attrs
            | {"multiple": True, "data-list": reverse_lazy(LIST, query={WHOLE: ""})}
        ),
        help_text=f"{LIMITS} Choose as many as you like: what is said below is said of each.",
    )

    class Meta:
        model = Image
        fields = ["file", "alt", "decorative", "caption"]

    def save(self, commit=True):
        put(self.cleaned_data["file"], self.instance)
        return super().save(commit)


class OnePictureForm(PictureForm):
    """The same for a field that waits for the one that is added."""

    file = PictureField(help_text=LIMITS)


class ReplacementForm(DescriptionForm):
    """Changes what is said of a picture, and the picture itself."""

    replacement = PictureField(required=False, label="Another file")

    class Meta:
        model = Image
        fields = ["name", "alt", "decorative", "caption"]

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        number = len(self.instance.used)
        follows = f"{told(number)} listed above will show the new one. " if number else ""
        self.fields["replacement"].help_text = (
            "Takes the place of this one; what is said of it stays, the old file is deleted. "
            f"{follows}{LIMITS}"
        )

    def clean_replacement(self):
        picture = self.cleaned_data["replacement"]
        if not picture:
            return None
        if picture.name == self.instance.file.name:
            raise forms.ValidationError("This is the file that is there: choose another one.")
        if Image.objects.filter(file=picture.name).exists():
            raise forms.ValidationError(
                "This picture is in the library already: name that one in the texts instead."
            )
        if not all(may_change(self.request.user, item) for item in self.instance.used):
            raise forms.ValidationError(
                "The picture is used in something that you may not change: "
                "ask someone who may to replace it."
            )
        return picture

    def save(self, commit=True):
        if picture := self.cleaned_data["replacement"]:
            put(picture, self.instance, renamed="name" in self.changed_data)
        return super().save(commit)


def put(picture, image, renamed=False):
    """Make what a PictureField gave the file of an Image, called as it came unless `renamed`."""
    image.file = images.write(picture)
    image.transparent = images.is_transparent(picture)
    if not renamed:
        image.name = picture.original_name


def told(number):
    return "The one item" if number == 1 else f"Each of the {number} items"


def several_in(request):
    """The files of a request that are added one by one; none if it is one for the stock form."""
    files = request.FILES.getlist("file") if request.method == "POST" else []
    return files if files[1:] or not request.accepts("text/html") else []


# Where they are used, as far as the user may know.


def may_see(user, item):
    """Whether the user may know of an item, as `visible_to` says for many."""
    if isinstance(item, WorkingCopy):
        return may_change(user, item)
    if rights.may(user, "view", type(item)):
        return True
    is_theirs = getattr(item, "author_id", None) == user.pk
    is_public = getattr(item, "state", "live") == "live"
    return rights.may(user, "change", type(item)) and (is_theirs or is_public)


MOST = 5  # in a list


def links(request, items, most=None):
    """The items as links to their forms; those that the user may not see are only counted."""
    seen = [item for item in items if may_see(request.user, item)]
    rest = len(items) - len(seen[:most])
    parts = [
        format_html('<a href="{}">{}</a>', address(item), f"{item._meta.verbose_name}: {item}")
        for item in seen[:most]
    ]
    if rest:
        parts.append(f"{rest} more" if parts else f"{rest} that you may not see")
    return format_html_join(", ", "{}", ((part,) for part in parts))


def address(item):
    """That of its form."""
    if isinstance(item, WorkingCopy):
        meta, number = model_of(item.key)._meta, item.key.partition(":")[2]
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_add") + f"?copy={number}"
    meta = item._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[item.pk])


# The list.


class DescriptionFilter(admin.SimpleListFilter):
    title = "alternative text"
    parameter_name = "said"

    def lookups(self, request, model_admin):
        return [("no", "undescribed"), ("decorative", "decorative")]

    def queryset(self, request, queryset):
        chosen = {"no": {"alt": "", "decorative": False}, "decorative": {"decorative": True}}
        return queryset.filter(**chosen.get(self.value(), {}))


class UseFilter(admin.SimpleListFilter):
    title = "use"
    parameter_name = "used"

    def lookups(self, request, model_admin):
        return [("no", "unused")]

    def queryset(self, request, queryset):
        if self.value() != "no":
            return queryset
        # The stem of every name that we give.
        return queryset.annotate(stem=Left("file", 20)).exclude(stem__in=[*uses()])


class Library(ContentList):
    def get_results(self, request):
        super().get_results(request)
        used = uses()
        self.result_list = list(self.result_list)
        for image in self.result_list:
            image.used_in = links(request, used[stem_of(image.file.name)], MOST)


@admin.register(Image)
class ImageAdmin(ListedAdmin, admin.ModelAdmin):
    formfield_overrides = FIELDS
    list_display = ["thumbnail", "file_name", "description", "used_in", "size"]
    list_display_links = ["thumbnail"]
    list_filter = [DescriptionFilter, UseFilter]
    list_per_page = 60
    search_fields = ["name", "file", "alt", "caption"]
    date_hierarchy = "created_at"

    class Media:
        css = {"all": ["portfolio/pictures.css"]}
        js = [Script("portfolio/library.js", type="module")]

    def get_changelist(self, request, **kwargs):
        return Library

    def get_object(self, request, *arguments):
        image = super().get_object(request, *arguments)
        if image:
            image.used = uses_of(image)
            image.used_in = links(request, image.used)
        return image

    def get_form(self, request, obj=None, **kwargs):
        form = OnePictureForm if IS_POPUP_VAR in request.GET else PictureForm
        form = super().get_form(request, obj, form=ReplacementForm if obj else form, **kwargs)
        form.request = request
        return form

    def get_readonly_fields(self, request, obj=None):
        return ["thumbnail", "file", "size", "used_in"] if obj else []

    def get_fields(self, request, obj=None):
        if obj is None:
            return PictureForm.Meta.fields
        said = ["thumbnail", *ReplacementForm.Meta.fields]
        fields = [*said, "file", "size", "used_in"]
        # What is no field of the model cannot be shown to those who may only look.
        return [*fields, "replacement"] if self.has_change_permission(request, obj) else fields

    def save_model(self, request, obj, form, change):
        before = obj.stored()
        if not change:
            obj.author = request.user
        super().save_model(request, obj, form, change)
        if before and before.file != obj.file:
            self.replaced(request, before.file.name, obj)

    def replaced(self, request, old, image):
        """Bring what names the old file along."""
        rename(old, image)
        images.discard_on_commit(old)
        reversion.set_comment("replaced a picture")
        if image.used:
            message = f"{told(len(image.used))} that showed the old file now shows the new one."
            messages.success(request, message)

    # The texts that it is replaced in have versions, too.

    def changeform_view(self, request, object_id=None, *arguments):
        try:
            if object_id is None and (several := several_in(request)):
                return self.add_several(request, several)
            with revision(request):
                return super().changeform_view(request, object_id, *arguments)
        except Unavailable as error:
            messages.error(request, f"Nothing was saved. {error}")
            return redirect(request.get_full_path())

    def add_several(self, request, files):
        """Adds each of the files by itself, and says by its name what became of it.

        Whoever asks for JSON, as library.js does for one file after the other, is told the last.
        """
        if not self.has_add_permission(request):
            raise PermissionDenied
        for file in files:
            level, outcome = self.add_one(request, file)
            name = quoted(clean_file_name(file.name), 80)
            self.message_user(request, f"{name}: {outcome}", level)
        if request.accepts("text/html"):
            may_see = self.has_view_permission(request)
            return redirect(reverse(LIST, query={WHOLE: ""}) if may_see else "admin:index")
        return JsonResponse({"outcome": outcome})

    def add_one(self, request, file):
        """What became of a file, as the level of a message and a sentence."""
        form = self.get_form(request)(request.POST, MultiValueDict({"file": [file]}))
        if not form.is_valid():
            errors = form.errors.as_data()
            if "file" in errors and errors["file"][0].code == "unique":
                return messages.INFO, "it is in the library already."
            reasons = [reason for field in form.errors.values() for reason in field]
            return messages.ERROR, f"not added. {' '.join(reasons)}"
        try:
            with transaction.atomic(), revision(request):
                image = form.save(commit=False)
                self.save_model(request, image, form, change=False)
                self.log_addition(request, image, [{"added": {}}])
        except Unavailable as error:
            return messages.ERROR, f"not added. {error}"
        except IntegrityError:
            # It came twice at once.
            return messages.INFO, "it is in the library already."
        return messages.SUCCESS, "added."

    history_view = ContentAdmin.history_view

    # No picture goes while something shows it.

    def get_deleted_objects(self, objs, request):
        *found, protected = super().get_deleted_objects(objs, request)
        used = uses()
        refused = [
            format_html("{} is used in {}", image, links(request, used[stem]))
            for image in objs
            if (stem := stem_of(image.file.name)) in used
        ]
        return *found, [*protected, *refused]

    def delete_model(self, request, obj):
        super().delete_model(request, obj)
        images.discard_on_commit(obj.file.name)

    def delete_queryset(self, request, queryset):
        names = [image.file.name for image in queryset]
        with transaction.atomic():
            super().delete_queryset(request, queryset)
            for name in names:
                images.discard_on_commit(name)

    # What is shown of one.

    @admin.display(description="picture")
    def thumbnail(self, image):
        return format_html(
            '<img class="thumbnail" src="{}" alt="{}" width="{}" height="{}" loading="lazy">',
            images.thumbnail(image),
            image,
            image.width,
            image.height,
        )

    @admin.display(description="name", ordering="name", empty_value="")
    def file_name(self, image):
        return image.name and format_html('<bdi class="file-name">{}</bdi>', image.name)

    @admin.display(description="alternative text", ordering="alt")
    def description(self, image):
        if image.decorative:
            return format_html('<span class="quiet">{}</span>', "decorative")
        if not image.alt:
            return format_html('<strong class="missing">{}</strong>', "no alternative text")
        return image.alt

    @admin.display(description="used in", empty_value="nothing")
    def used_in(self, image):
        return image.used_in or None

    @admin.display(description="size in pixels", ordering="width")
    def size(self, image):
        return f"{image.width} × {image.height}"
