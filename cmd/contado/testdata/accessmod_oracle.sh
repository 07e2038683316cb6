#!/bin/sh
# Minutes by GRASS r.cost on the merged scenario of Spearfish, in a session of
# the elevation's own location: prints cells of zone, minutes and people.
#   accessmod_oracle.sh FOLDER LANDCOVER POPULATION ROADS RIVERS RESTRICTED ZONES CLINICS RULES FLAGS
set -e
out="$1"
r.in.gdal -o --q input="$2" output=land
g.region raster=land
r.in.gdal -o --q input="$3" output=people
v.in.ogr -o --q input="$4" output=road
v.in.ogr -o --q input="$5" output=river
v.in.ogr -o --q input="$6" output=restricted
v.in.ogr -o --q input="$7" output=zone
v.in.ogr -o --q input="$8" output=clinics
v.to.rast -d --q input=road output=road use=attr attribute_column=class
v.to.rast -d --q input=river output=river use=val value=1
v.to.rast --q input=restricted output=restricted type=area use=val value=1
v.to.rast --q input=zone output=zone type=area use=attr attribute_column=cat
r.mapcalc --q "merged0 = if(!isnull(road), int(road), if(!isnull(river) || !isnull(restricted), null(), int(land)))"
r.mapcalc --q "merged = if(!isnull(road) && ((isnull(merged0[0,-1]) && !isnull(merged0[1,-1]) && isnull(merged0[1,0])) || (isnull(merged0[0,1]) && !isnull(merged0[1,1]) && isnull(merged0[1,0])) || (isnull(merged0[-1,0]) && !isnull(merged0[-1,1]) && isnull(merged0[0,1])) || (isnull(merged0[0,-1]) && !isnull(merged0[-1,-1]) && isnull(merged0[-1,0]))), null(), merged0)"
r.recode --q input=merged output=cost rules="$9"
shift
r.cost ${9:-} --q input=cost output=seconds start_points=clinics
r.mapcalc --q "minutes = if(isnull(seconds), -1, int(ceil(seconds / 60.0)))"
r.out.gdal -f --q input=minutes output="$out/minutes.tif" type=Int16 nodata=-1
r.mapcalc --q "class = if(isnull(merged), -1, merged)"
r.out.gdal -f --q input=class output="$out/class.tif" type=Int32 nodata=-1
