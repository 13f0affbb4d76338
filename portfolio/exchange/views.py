import tempfile

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from . import bundle, outgoing


@require_safe
@never_cache
@login_required
def export_content(request):
    """The content bundle as a download, for staff with the permission to export."""
    user = request.user
    if not (user.is_staff and user.has_perm("portfolio.export_content")):
        raise PermissionDenied
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the response closes it)
    try:
        outgoing.write_zip(file)
    except bundle.ExportError as error:
        file.close()
        messages.error(request, str(error))
        return redirect("admin:index")
    file.seek(0)
    name = f"portfolio-{timezone.localdate()}.zip"
    return FileResponse(file, as_attachment=True, filename=name)
