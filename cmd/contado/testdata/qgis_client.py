"""Uses a server as a person with QGIS does, without a screen.

Arguments: base address, vector dataset, raster dataset, expression, folder for
pictures. Adds OGC API Features, vector tiles, WMTS and XYZ layers, filters
features and draws each layer. The last line that it prints is JSON.
"""

import json
import os
import sys
from urllib.parse import quote

os.environ["QT_QPA_PLATFORM"] = "offscreen"
from qgis.core import (  # noqa: E402
    QgsApplication, QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsFeatureRequest, QgsMapRendererParallelJob,
    QgsMapSettings, QgsProject, QgsRasterLayer, QgsRectangle, QgsVectorLayer, QgsVectorTileLayer, Qgis,
)
from qgis.PyQt.QtCore import QSize  # noqa: E402
from qgis.PyQt.QtGui import QColor  # noqa: E402

SIDE = 400
base, vector, raster, expression, folder = sys.argv[1:6]
app = QgsApplication([], False)
app.initQgis()
mercator = QgsCoordinateReferenceSystem("EPSG:3857")
degrees = QgsCoordinateReferenceSystem("EPSG:4326")


def corners(box):
    return [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()]


def draw(layer, box, name):
    """Draws a layer in a box of degrees; counts pixels that are not white, and colours."""
    settings = QgsMapSettings()
    settings.setDestinationCrs(mercator)
    settings.setLayers([layer])
    settings.setExtent(QgsCoordinateTransform(degrees, mercator, QgsProject.instance()).transformBoundingBox(box))
    settings.setOutputSize(QSize(SIDE, SIDE))
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    picture = job.renderedImage()
    picture.save(os.path.join(folder, name + ".png"))
    pixels = [picture.pixel(x, y) & 0xFFFFFF for y in range(SIDE) for x in range(SIDE)]
    return {
        "valid": layer.isValid(), "error": layer.error().message() if not layer.isValid() else "",
        "drawn": sum(p != 0xFFFFFF for p in pixels), "colours": len(set(pixels)), "errors": [e.message for e in job.errors()],
    }


def features(out):
    layer = QgsVectorLayer(f"url='{base}/' typename='{vector}' pagingEnabled='true'", "features", "OAPIF")
    out["fields"] = {f.name(): f.typeName() for f in layer.fields()}
    out["crs"] = layer.crs().authid()
    out["rows"] = len(list(layer.getFeatures()))
    extent = layer.extent()
    out["extent"] = corners(extent)
    middle = QgsRectangle(extent)
    middle.scale(0.5)
    out["middle"] = corners(middle)
    out["in middle"] = len(list(layer.getFeatures(QgsFeatureRequest().setFilterRect(middle))))
    found = list(layer.getFeatures(QgsFeatureRequest().setFilterExpression(expression)))
    out["names"] = sorted(str(f["name"]) for f in found)
    out["features"] = draw(layer, extent, "qgis-features")
    return extent


def tiles(out, extent):
    address = f"type=xyz&url={base}/xyz/{vector}/{{z}}/{{x}}/{{y}}.mvt&zmin=0&zmax=14"
    out["tiles"] = draw(QgsVectorTileLayer(address, "tiles"), extent, "qgis-tiles")
    styled = QgsVectorTileLayer(f"{address}&styleUrl={base}/styles/{vector}", "styled")
    message, loaded = styled.loadDefaultStyle()
    out["style"] = {"loaded": loaded, "message": message}
    out["styled"] = draw(styled, extent, "qgis-styled")
    # Classes with shapes from a sprite sheet, which this program does not take.
    themed = QgsVectorTileLayer(f"{address}&styleUrl={quote(base + '/styles/' + vector + '?by=kind', safe='')}", "themed")
    message, loaded = themed.loadDefaultStyle()
    out["theme"] = {"loaded": loaded, "message": message}
    out["themed"] = draw(themed, extent, "qgis-themed")


def pictures(out):
    wmts = QgsRasterLayer(
        f"contextualWMSLegend=0&crs=EPSG:3857&dpiMode=7&format=image/png&layers={raster}&styles=default&tileMatrixSet=WebMercatorQuad"
        f"&url={base}/wmts/1.0.0/WMTSCapabilities.xml", "wmts", "wms")
    extent = QgsCoordinateTransform(wmts.crs(), degrees, QgsProject.instance()).transformBoundingBox(wmts.extent())
    out["raster extent"] = corners(extent)
    out["wmts"] = draw(wmts, extent, "qgis-wmts")
    xyz = QgsRasterLayer(f"type=xyz&url={base}/xyz/{raster}/{{z}}/{{x}}/{{y}}.png&zmin=0&zmax=14", "xyz", "wms")
    out["xyz"] = draw(xyz, extent, "qgis-xyz")


report = {"version": Qgis.QGIS_VERSION}
tiles(report, features(report))
pictures(report)
print(json.dumps(report))
sys.stdout.flush()
os._exit(0)  # The bindings of 3.22 crash when layers are taken down after the program.
