/* dicom-microscopy-viewer on a release: index.html#url=DICOMWEB_ADDRESS&token=TOKEN&study=UID&series=UID
   The part behind # never leaves the browser, so the token is in no server's log. */
"use strict";

(async () => {
  const told = new URLSearchParams(location.hash.slice(1));
  const said = document.getElementById("said");
  history.replaceState(null, "", location.pathname); // nor does it stay in the address bar
  try {
    const client = new DICOMwebClient.api.DICOMwebClient({
      url: told.get("url"),
      headers: { Authorization: `Bearer ${told.get("token")}` },
    });
    const place = { studyInstanceUID: told.get("study"), seriesInstanceUID: told.get("series") };
    const { VLWholeSlideMicroscopyImage } = dicomMicroscopyViewer.metadata;
    const images = (await client.retrieveSeriesMetadata(place))
      .map((metadata) => new VLWholeSlideMicroscopyImage({ metadata }))
      .filter((image) => image.ImageType[2] === "VOLUME");
    const viewer = new dicomMicroscopyViewer.viewer.VolumeImageViewer({ client, metadata: images });
    viewer.render({ container: "slide" });
    said.textContent = `${images.length} levels`;
  } catch (problem) {
    said.textContent = `The slide cannot be shown: ${problem.message}`;
  }
})();
