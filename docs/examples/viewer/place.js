/* Where dicom-microscopy-viewer finds its decoders. */
window.PUBLIC_LIB_URL = "./node_modules/dicom-microscopy-viewer/dist/dynamic-import/";
