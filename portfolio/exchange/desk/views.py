"""Content leaves and comes back in the admin: what takes long is a `Job`, whose page shows it."""

import secrets
import shutil
import time
from functools import partial, wraps
from pathlib import Path

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET

from portfolio import rights

from . import job as jobs
from . import work
from .credential import credential_required
from .job import Busy

MOST_UPLOAD = 2 * 1024**3  # bytes
TAKEN = (".zip", ".json", ".xml")
# Seconds between two looks at a job, and between two lines about it: at least, and at most.
LOOK, EVERY, LINE = 0.1, 0.5, 5

# What the session knows of the jobs that its user began, as {token: when}.
BEGUN = "exchange_begun"


class Elsewhere(Exception):
    """The job was begun on another machine, which has its files."""


# Who may.


def may_export(user):
    return user.is_staff and user.has_perm("portfolio.export_content")


def may_exchange(user):
    return may_export(user) or rights.is_owner(user)


def for_those_who(may):
    """A page of the admin for whom `may(user)` is true, and who gave a credential lately."""

    def decorate(view):
        asking = credential_required(view)

        @admin.site.admin_view
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not may(request.user):
                raise PermissionDenied
            try:
                return asking(request, *args, **kwargs)
            except Elsewhere:
                # A status that has a proxy ask the next machine, if it is told to.
                context = {**admin.site.each_context(request), "title": "Not here"}
                template = "admin/exchange/elsewhere.html"
                return TemplateResponse(request, template, context, status=503)

        return guarded

    return decorate


# The page where all begins.


class ExportForm(forms.Form):
    form = forms.ChoiceField(
        label="As",
        choices=work.EXPORTS.items(),
        initial="bundle",
        widget=forms.RadioSelect,
    )
    live_only = forms.BooleanField(label="Only what is public", required=False)


class ImportForm(forms.Form):
    file = forms.FileField(label="File", allow_empty_file=True)
    prune = forms.BooleanField(label="Delete what is here and not in it", required=False)

    def clean_file(self):
        file = self.cleaned_data["file"]
        if Path(file.name).suffix.lower() not in TAKEN:
            raise forms.ValidationError(f"Choose a file that ends in {', '.join(TAKEN)}.")
        return file


class SiteForm(forms.Form):
    base_url = forms.URLField(
        label="Where it will be",
        assume_scheme="https",
        help_text="Such as https://example.org or https://example.org/portfolio/.",
    )


def content_page(request, status=200, **filled):
    """The page with its forms; `filled` are those that were sent and not valid."""
    user = request.user
    sections = {}
    if may_export(user):
        sections["export"] = ExportForm(prefix="export")
        sections["site"] = SiteForm(prefix="site", initial={"base_url": settings.SITE_URL})
    if rights.is_owner(user):
        sections["import"] = ImportForm(prefix="import")
    context = {
        **admin.site.each_context(request),
        "title": "Content",
        "most_upload": MOST_UPLOAD,
        **{f"{name}_form": filled.get(name, form) for name, form in sections.items()},
    }
    return TemplateResponse(request, "admin/exchange/content.html", context, status=status)


@for_those_who(may_exchange)
def content(request):
    if request.method == "POST":
        return redirect("exchange:content")
    return content_page(request)


# What is begun there. Whoever had to sign in first comes back without what they sent.


@for_those_who(may_export)
def export_content(request):
    if request.method != "POST":
        return redirect("exchange:content")
    form = ExportForm(request.POST, prefix="export")
    if not form.is_valid():
        return content_page(request, 400, export=form)
    return begin(request, "Export", partial(work.export, **form.cleaned_data))


@for_those_who(may_export)
def build_site(request):
    if request.method != "POST":
        return redirect("exchange:content")
    form = SiteForm(request.POST, prefix="site")
    if not form.is_valid():
        return content_page(request, 400, site=form)
    return begin(request, "The site as files", partial(work.build_site, **form.cleaned_data))


@csrf_exempt
def plan_import(request):
    # The check of the CSRF token, which is inside, would read the file first.
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_UPLOAD:
        if not rights.is_owner(request.user):
            raise PermissionDenied
        most = filesizeformat(MOST_UPLOAD)
        messages.error(request, f"The file is larger than {most}: use import_content for it.")
        return content_page(request, 413)
    return plan_of_upload(request)


@for_those_who(rights.is_owner)
def plan_of_upload(request):
    if request.method != "POST":
        return redirect("exchange:content")
    form = ImportForm(request.POST, request.FILES, prefix="import")
    if not form.is_valid():
        return content_page(request, 400, **{"import": form})
    file = form.cleaned_data["file"]
    asked = {
        "name": file.name,
        "file": f"source{Path(file.name).suffix.lower()}",
        "prune": form.cleaned_data["prune"],
    }
    return begin(request, "Import", work.plan_import, file, asked)


def begin(request, title, does, file=None, asked=None):
    """Start a job, after it was given the uploaded file, and go to its page."""
    job = jobs.new(request.user)
    try:
        job.write("asked", {"title": title, **(asked or {})})
        if file:
            take(file, job.path(asked["file"]))
        job.start(does)
        begun = {job.token: time.time()} | request.session.get(BEGUN, {})
        request.session[BEGUN] = {k: at for k, at in begun.items() if is_kept(at)}
    except Busy as busy:
        job.discard()
        messages.warning(request, "One after the other: this has not ended yet.")
        job = busy.job
    except OSError as error:
        job.discard()
        messages.error(request, f"The server cannot keep the file: {error.strerror}.")
        return content_page(request, 507)
    return redirect("exchange:job", job.token)


def take(file, path):
    if hasattr(file, "temporary_file_path"):
        shutil.move(file.temporary_file_path(), path)
        path.chmod(0o600)
    else:
        with jobs.create(path) as kept:
            shutil.copyfileobj(file, kept)


# A job.


def found(request, token):
    """The user's job. Raises Http404 if there is none, and `Elsewhere` if it is not here."""
    job = jobs.find(request.user, token)
    if job is None:
        is_kept_somewhere = is_kept(request.session.get(BEGUN, {}).get(token, 0))
        if is_kept_somewhere and not jobs.is_here(request.user, token):
            raise Elsewhere
        raise Http404
    return job


def is_kept(at):
    return time.time() - at < jobs.KEPT


@for_those_who(may_exchange)
@require_GET
def job_page(request, token):
    """How far the job is, told until it ends, and then what came of it."""
    job = found(request, token)
    asked = job.read("asked")
    context = {
        **admin.site.each_context(request),
        "title": asked["title"],
        "asked": asked,
        "job": job,
    }
    if not job.is_running():
        context["told"] = outcome(job, get_token(request))
        return TemplateResponse(request, "admin/exchange/job.html", context)
    place = secrets.token_hex()
    page = render_to_string("admin/exchange/job.html", {**context, "told": place}, request)
    response = StreamingHttpResponse(told(*page.split(place), job, get_token(request)))
    # Or nginx would collect it first.
    response["X-Accel-Buffering"] = "no"
    return response


def told(before, after, job, csrf_token):
    """The page of a job that is running: what it tells, between the two parts."""
    yield before
    began, last, at = time.monotonic(), None, 0
    while job.is_running():
        state, now = job.state(), time.monotonic()
        if (state != last and now - at >= EVERY) or now - at >= LINE:
            last, at = state, now
            context = {"state": state, "seconds": int(now - began)}
            yield render_to_string("admin/exchange/_step.html", context)
        time.sleep(LOOK)
    yield outcome(job, csrf_token)
    yield after


def outcome(job, csrf_token):
    context = {"job": job, "csrf_token": csrf_token, "asked": job.read("asked")}
    return render_to_string("admin/exchange/_outcome.html", {**context, **job.outcome()})


@for_those_who(rights.is_owner)
def carry_out(request, token):
    """Import what was planned. A second time it only shows what came of the first."""
    job = found(request, token)
    if request.method == "POST" and not job.is_running():
        planned = job.outcome()
        if planned["kind"] == "plan":
            does = partial(
                work.carry_out,
                user_pk=request.user.pk,
                shown=planned["newer"],
                force="force" in request.POST,
            )
            try:
                job.start(does)
            except Busy as busy:
                messages.warning(request, "One after the other: this has not ended yet.")
                job = busy.job
    return redirect("exchange:job", job.token)


@for_those_who(may_exchange)
@require_GET
def file(request, token):
    job = found(request, token)
    made = job.outcome()
    if job.is_running() or made["kind"] != "file":
        raise Http404
    return FileResponse(job.path(work.FILE).open("rb"), as_attachment=True, filename=made["name"])
