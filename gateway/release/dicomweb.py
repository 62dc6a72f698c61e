"""DICOMweb at /releases/<id>/dicomweb: the contents page (PS3.18 10). Nothing outside the manifest can be named."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response

from gateway.release import cors, frames, instances, metadata, pictures, searching

dicomweb = Blueprint("dicomweb", __name__, url_prefix="/releases/<release_id>/dicomweb")
View = Callable[..., Response]
STUDY, SERIES = "/studies/<study>", "/studies/<study>/series/<series>"
INSTANCE = SERIES + "/instances/<uid>"
FRAMES = INSTANCE + "/frames/<numbers>"
DOWNLOAD = "/download.<any(tar, zip):suffix>"

ROUTES: dict[View, tuple[str, ...]] = {
    searching.studies: ("/studies",),
    searching.series: ("/series", STUDY + "/series"),
    searching.instances: ("/instances", STUDY + "/instances", SERIES + "/instances"),
    metadata.metadata: (STUDY + "/metadata", SERIES + "/metadata", INSTANCE + "/metadata"),
    metadata.bulkdata: (STUDY + "/bulkdata", SERIES + "/bulkdata", INSTANCE + "/bulkdata"),
    metadata.bulkdata_value: (INSTANCE + "/bulkdata/<path:reference>",),
    instances.all_instances: (STUDY, SERIES),
    instances.instance: (INSTANCE,),
    instances.download: (DOWNLOAD, STUDY + DOWNLOAD, SERIES + DOWNLOAD),
    frames.frames: (FRAMES,),
    pictures.rendered: (STUDY + "/rendered", SERIES + "/rendered", INSTANCE + "/rendered", FRAMES + "/rendered"),
    pictures.thumbnail: (STUDY + "/thumbnail", SERIES + "/thumbnail", INSTANCE + "/thumbnail", FRAMES + "/thumbnail"),
}
for view, paths in ROUTES.items():
    for path in paths:
        dicomweb.add_url_rule(path, view_func=view, strict_slashes=False)  # EZ-WSI asks for `instances/?…`
cors.install(dicomweb)
