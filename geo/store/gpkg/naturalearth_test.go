package gpkg

import (
	"testing"

	"contado/geo/cql2"
	"contado/geo/store/features"
	"contado/scripts/shareddata"
)

// The numbers of rows are those of the abstract test suite of the standard (OGC
// 21-065r2, annex A), over its own data.
var naturalEarth = map[string]map[string]int64{
	"ne_110m_admin_0_countries": {
		"NAME='Luxembourg'": 1, "NAME>='Luxembourg'": 84, "NAME>'Luxembourg'": 83, "NAME<='Luxembourg'": 94, "NAME<'Luxembourg'": 93, "NAME<>'Luxembourg'": 176,
		"POP_EST=37589262": 1, "POP_EST>=37589262": 39, "POP_EST>37589262": 38, "POP_EST<=37589262": 139, "POP_EST<37589262": 138, "POP_EST<>37589262": 176,
		"S_INTERSECTS(geom,BBOX(0,40,10,50))": 8, "S_INTERSECTS(geom,BBOX(150,-90,-150,90))": 10, "S_INTERSECTS(geom,POINT(7.02 49.92))": 1,
		"S_INTERSECTS(geom,BBOX(0,40,10,50)) AND S_INTERSECTS(geom,BBOX(5,50,10,60))": 3,
	},
	"ne_110m_populated_places_simple": {
		"name IS NOT NULL": 243, "name IS NULL": 0, "name='København'": 1, "name>='København'": 137, "name>'København'": 136, "name<='København'": 107,
		"name<'København'": 106, "name<>'København'": 242, "pop_other=1038288": 1, "pop_other>=1038288": 123, "pop_other>1038288": 122,
		"pop_other<=1038288": 121, "pop_other<1038288": 120, "pop_other<>1038288": 242, "pop_other IS NULL": 0, "pop_other IS NOT NULL": 243,
		"\"date\"=DATE('2022-04-16')": 1, "\"date\">=DATE('2022-04-16')": 2, "\"date\">DATE('2022-04-16')": 1, "\"date\"<=DATE('2022-04-16')": 2,
		"name LIKE 'B_r%'": 3, "name NOT LIKE 'B_r%'": 240, "pop_other BETWEEN 1000000 AND 3000000": 75, "pop_other NOT BETWEEN 1000000 AND 3000000": 168,
		"name IN ('Kiev','kobenhavn','Berlin','athens','foo')": 2, "name NOT IN ('Kiev','kobenhavn','Berlin','athens','foo')": 241,
		"pop_other IN (1038288,1611692,3013258,3013257,3013259)": 3, "pop_other NOT IN (1038288,1611692,3013258,3013257,3013259)": 240, "boolean IN (TRUE)": 2,
		"\"date\"<DATE('2022-04-16')": 1, "\"date\"<>DATE('2022-04-16')": 2, "start=TIMESTAMP('2022-04-16T10:13:19Z')": 1, "start<=TIMESTAMP('2022-04-16T10:13:19Z')": 2,
		"boolean=true": 2, "boolean=false": 1, "CASEI(name)=CASEI('københavn')": 1, "ACCENTI(name)=ACCENTI('København')": 1,
		"S_INTERSECTS(geom,BBOX(0,40,10,50))": 7, "T_AFTER(\"date\",DATE('2022-04-16'))": 1,
		"T_DURING(INTERVAL(start,end),INTERVAL('2021-01-01T00:00:00Z','2023-01-01T00:00:00Z'))": 2,
	},
	"ne_110m_rivers_lake_centerlines": {"S_INTERSECTS(geom,BBOX(-180,-90,180,90))": 13, "S_INTERSECTS(geom,LINESTRING(-60 -90,-60 90))": 2},
}

func TestNaturalEarth(t *testing.T) {
	t.Parallel()
	path := shareddata.Path(t, "cql2/ne110m4cql2.gpkg")
	for name, filters := range naturalEarth {
		tab := open(t, path, name)
		for text, want := range filters {
			e, err := cql2.ParseText(text)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := tab.Count(t.Context(), features.Query{Filter: e}); err != nil || n != want {
				t.Errorf("%s: %s: %d rows, %v; want %d", name, text, n, err, want)
			}
		}
	}
}
