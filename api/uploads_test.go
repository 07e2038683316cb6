package api_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"contado/api/apitest"
	"contado/scripts/shareddata"
)

type uploadDoc struct {
	ID, State string
	Files     []struct {
		Name           string
		Size, Received int64
	}
	Job *struct {
		ID, State, Problem string
		Progress           int
	}
	Datasets []struct {
		ID, Title, Kind, Role string
		Version, Previous     int
		Count, CountBefore    *int64
		Notices               []struct{ Code string }
	}
}

// as asks on behalf of somebody.
func as(t testing.TB, who, method, path, body string) *apitest.Response {
	t.Helper()
	h := map[string]string{apitest.WhoHeader: who, "Content-Type": "application/json"}
	return ask.Do(t, apitest.Request{Method: method, Path: path, Body: body, Header: h})
}

// announce begins an upload of files by name and content.
func announce(t testing.TB, who string, files map[string][]byte) uploadDoc {
	t.Helper()
	var list []string
	for name, b := range files {
		list = append(list, fmt.Sprintf(`{"name":%q,"size":%d}`, name, len(b)))
	}
	var d uploadDoc
	as(t, who, http.MethodPost, "/uploads", `{"files":[`+strings.Join(list, ",")+`]}`).Want(http.StatusCreated).Read(&d)
	return d
}

func piece(t testing.TB, who, id string, n int, offset int64, b []byte) *apitest.Response {
	t.Helper()
	return ask.Do(t, apitest.Request{
		Method: http.MethodPatch, Path: fmt.Sprintf("/uploads/%s/files/%d?offset=%d", id, n, offset), Body: string(b),
		Header: map[string]string{apitest.WhoHeader: who, "Content-Type": "application/octet-stream"},
	})
}

// sent announces and sends files, in pieces.
func sent(t testing.TB, who string, files map[string][]byte) uploadDoc {
	t.Helper()
	d := announce(t, who, files)
	for n, f := range d.Files {
		const size = 100_000
		for at := int64(0); at < f.Size; at += size {
			piece(t, who, d.ID, n, at, files[f.Name][at:min(at+size, f.Size)]).Want(http.StatusOK)
		}
	}
	return d
}

// settled waits until the job of an upload has ended.
func settled(t testing.TB, who, id string) uploadDoc {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var d uploadDoc
		as(t, who, http.MethodGet, "/uploads/"+id, "").Want(http.StatusOK).Read(&d)
		if d.State != "preparing" {
			return d
		}
	}
	t.Fatal("the job does not end")
	return uploadDoc{}
}

func prepare(t testing.TB, who, id, plan string) uploadDoc {
	t.Helper()
	as(t, who, http.MethodPost, "/uploads/"+id+"/preparation", plan).Want(http.StatusCreated)
	return settled(t, who, id)
}

const hamlets = `{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"name":"Alpe","people":12},"geometry":{"type":"Point","coordinates":[9.01,46.01]}},
{"type":"Feature","properties":{"name":"Bosco","people":7},"geometry":{"type":"Point","coordinates":[9.02,46.02]}}]}`

const moreHamlets = `{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"name":"Alpe","people":12},"geometry":{"type":"Point","coordinates":[9.01,46.01]}},
{"type":"Feature","properties":{"name":"Costa","people":3},"geometry":{"type":"Point","coordinates":[9.03,46.03]}},
{"type":"Feature","properties":{"name":"Fondo","people":1},"geometry":null}]}`

// From the file to the map, over it, back, described, styled, and away.
func TestFromUploadToRemoval(t *testing.T) {
	t.Parallel()
	d := sent(t, "ada", map[string][]byte{"hamlets.geojson": []byte(hamlets)})
	var look struct {
		Files []struct {
			Key    string
			Layers []struct {
				Count    int64
				Geometry string
				Rows     [][]any
			}
		}
	}
	as(t, "ada", http.MethodGet, "/uploads/"+d.ID+"/contents", "").Want(http.StatusOK).Read(&look)
	if len(look.Files) != 1 || look.Files[0].Key != "geojson" || look.Files[0].Layers[0].Count != 2 || len(look.Files[0].Layers[0].Rows) != 2 {
		t.Fatalf("%+v", look)
	}
	d = prepare(t, "ada", d.ID, `{"dataset":"hamlets","role":"place","title":"Borgate","license":"CC0-1.0","keywords":["casa"]}`)
	if d.State != "prepared" || len(d.Datasets) != 1 || *d.Datasets[0].Count != 2 || d.Datasets[0].Version != 1 || d.Datasets[0].Previous != 0 {
		t.Fatalf("%+v", d)
	}
	ask.Do(t, apitest.Request{Path: "/collections/hamlets"}).Want(http.StatusNotFound)
	as(t, "ada", http.MethodGet, "/jobs/"+d.Job.ID+"/results", "").Want(http.StatusOK)
	as(t, "ada", http.MethodPost, "/uploads/"+d.ID+"/publication", `{}`).Want(http.StatusCreated)
	as(t, "ada", http.MethodGet, "/uploads/"+d.ID, "").Want(http.StatusNotFound)

	var c struct {
		Title   string
		Contado struct {
			Keywords []string
			Count    int64
			Bytes    int64
		}
	}
	ask.JSON(t, "/collections/hamlets", &c)
	if c.Title != "Borgate" || c.Contado.Count != 2 || len(c.Contado.Keywords) != 1 || c.Contado.Bytes == 0 {
		t.Errorf("%+v", c)
	}
	replaceAndGoBack(t)
	describeAndStyle(t)
	as(t, "ada", http.MethodDelete, "/collections/hamlets", "").Want(http.StatusPreconditionRequired)
	as(t, "ada", http.MethodDelete, "/collections/hamlets?version=1", "").Want(http.StatusConflict)
	as(t, "ada", http.MethodDelete, "/collections/hamlets?version=3", "").Want(http.StatusNoContent)
	ask.Do(t, apitest.Request{Path: "/collections/hamlets"}).Want(http.StatusNotFound)
	var acts struct {
		Acts []struct{ Who, Deed string }
	}
	as(t, "ada", http.MethodGet, "/acts?dataset=hamlets", "").Want(http.StatusOK).Read(&acts)
	if len(acts.Acts) != 7 || acts.Acts[0].Deed != "remove" || acts.Acts[0].Who != "ada" || acts.Acts[6].Deed != "publish" || acts.Acts[6].Who != "ada" {
		t.Errorf("%+v", acts)
	}
}

func replaceAndGoBack(t *testing.T) {
	t.Helper()
	d := sent(t, "ada", map[string][]byte{"more.geojson": []byte(moreHamlets)})
	as(t, "ada", http.MethodPost, "/uploads/"+d.ID+"/preparation", `{"dataset":"hamlets"}`).Want(http.StatusConflict)
	d = prepare(t, "ada", d.ID, `{"dataset":"hamlets","mode":"replace"}`)
	if d.State != "prepared" || d.Datasets[0].Previous != 1 || d.Datasets[0].Version != 2 || len(d.Datasets[0].Notices) == 0 {
		t.Fatalf("%+v", d)
	}
	as(t, "ada", http.MethodPost, "/uploads/"+d.ID+"/publication", `{}`).Want(http.StatusCreated)
	var v struct {
		Version  int
		Command  string
		Who      string
		Received []struct{ Name, SHA256 string }
		Compared struct {
			What                 string
			Added, Removed, Same int64
		}
	}
	as(t, "ada", http.MethodGet, "/collections/hamlets/versions/2", "").Want(http.StatusOK).Read(&v)
	if v.Compared.What != "rows" || v.Compared.Added != 2 || v.Compared.Removed != 1 || v.Compared.Same != 1 || v.Who != "ada" ||
		!strings.Contains(v.Command, "--replace") || len(v.Received) != 1 || len(v.Received[0].SHA256) != 64 {
		t.Errorf("%+v", v)
	}
	var health struct {
		State  string
		Checks []struct {
			Code  string
			Count *int64
		}
	}
	ask.JSON(t, "/collections/hamlets/health", &health)
	found := false
	for _, one := range health.Checks {
		found = found || one.Code == "geometry-missing" && *one.Count == 1
	}
	if !found || health.State != "warning" {
		t.Errorf("%+v", health)
	}
	as(t, "ada", http.MethodPost, "/collections/hamlets/versions", `{"restore":9}`).Want(http.StatusNotFound)
	as(t, "ada", http.MethodPost, "/collections/hamlets/versions", `{"restore":2}`).Want(http.StatusBadRequest)
	as(t, "ada", http.MethodPost, "/collections/hamlets/versions", `{}`).Want(http.StatusBadRequest)
	as(t, "ada", http.MethodPost, "/collections/hamlets/versions", `{"restore":1}`).Want(http.StatusCreated)
	var all struct {
		Current  int
		Versions []struct {
			Version, Restores int
			Who               string
		}
	}
	ask.JSON(t, "/collections/hamlets/versions", &all)
	if all.Current != 3 || len(all.Versions) != 3 || all.Versions[0].Restores != 1 || all.Versions[0].Who != "" { // names are not for everybody
		t.Errorf("%+v", all)
	}
	var c struct{ Contado struct{ Count int64 } }
	if ask.JSON(t, "/collections/hamlets", &c); c.Contado.Count != 2 {
		t.Errorf("%d rows after going back", c.Contado.Count)
	}
	var l struct {
		Made struct {
			Restores int
			Command  string
		}
	}
	if ask.JSON(t, "/collections/hamlets/lineage", &l); l.Made.Restores != 1 {
		t.Errorf("%+v", l)
	}
}

func describeAndStyle(t *testing.T) {
	t.Helper()
	patch := func(body string) *apitest.Response {
		return ask.Do(t, apitest.Request{Method: http.MethodPatch, Path: "/collections/hamlets", Body: body, Header: map[string]string{apitest.WhoHeader: "grace", "Content-Type": asPatch}})
	}
	patch(`{"title":"Casolari","keywords":null,"contact":"ufficio@example.it"}`).Want(http.StatusOK)
	patch(`{"title":null}`).Want(http.StatusBadRequest)
	patch(`{"role":"territory"}`).Want(http.StatusBadRequest)
	patch(`{"kind":"raster"}`).Want(http.StatusBadRequest)
	var c struct {
		Title   string
		Contado struct {
			Keywords []string
			Contact  string
			Version  int
		}
	}
	ask.JSON(t, "/collections/hamlets", &c)
	if c.Title != "Casolari" || c.Contado.Keywords != nil || c.Contado.Contact == "" || c.Contado.Version != 3 {
		t.Errorf("%+v", c)
	}
	put := func(body string, want int) {
		t.Helper()
		as(t, "ada", http.MethodPut, "/collections/hamlets/style", body).Want(want)
	}
	put(`{"by":"people","method":"jenks","classes":2,"palette":"viridis","opacity":0.5,"label":"name"}`, http.StatusOK)
	for _, bad := range []string{`{"by":"none"}`, `{"by":"people","palette":"rainbow of mine"}`, `{"opacity":2}`, `{"colour":"red"}`, `{"label":"none"}`, `{"method":"jenks"}`, `{"by":"name","method":"jenks"}`, `{"by":"people","classes":1}`} {
		put(bad, http.StatusBadRequest)
	}
	if doc := ask.Get(t, "/styles/hamlets").Body.String(); !strings.Contains(doc, `"step"`) || !strings.Contains(doc, "people") {
		t.Errorf("the kept style is not the one that is drawn: %.400s", doc)
	}
	as(t, "ada", http.MethodDelete, "/collections/hamlets/style", "").Want(http.StatusOK)
	if doc := ask.Get(t, "/styles/hamlets").Body.String(); strings.Contains(doc, `"step"`) {
		t.Errorf("the style is still there: %.400s", doc)
	}
}

func TestWhoMayUpload(t *testing.T) {
	t.Parallel()
	d := announce(t, "ada", map[string][]byte{"a.csv": []byte("a;b\n1;2\n")})
	for _, r := range []apitest.Request{
		{Path: "/uploads"},
		{Path: "/acts"},
		{Method: http.MethodPost, Path: "/uploads", Body: `{"files":[{"name":"a","size":1}]}`},
		{Path: "/uploads", Header: map[string]string{apitest.WhoHeader: "ada", "Origin": "https://elsewhere.example"}},
		{Method: http.MethodDelete, Path: "/collections/sites?version=1", Header: map[string]string{apitest.WhoHeader: "ada", "Sec-Fetch-Site": "cross-site"}},
		{Method: http.MethodPut, Path: "/collections/sites/style", Body: `{}`},
		{Method: http.MethodPost, Path: "/collections/sites/versions", Body: `{"restore":1}`},
	} {
		ask.Do(t, r).Want(http.StatusForbidden)
	}
	as(t, "grace", http.MethodGet, "/uploads/"+d.ID, "").Want(http.StatusNotFound)
	as(t, "grace", http.MethodDelete, "/uploads/"+d.ID, "").Want(http.StatusNotFound)
	piece(t, "grace", d.ID, 0, 0, []byte("x")).Want(http.StatusNotFound)
	as(t, "ada", http.MethodGet, "/uploads/..%2f..%2fcatalog", "").Want(http.StatusNotFound)
	// A form of another site can send no JSON.
	r := ask.Do(t, apitest.Request{Method: http.MethodPost, Path: "/uploads", Body: `{"files":[]}`, Header: map[string]string{apitest.WhoHeader: "ada", "Content-Type": "text/plain"}})
	r.Want(http.StatusUnsupportedMediaType)
	as(t, "ada", http.MethodDelete, "/uploads/"+d.ID, "").Want(http.StatusNoContent)
}

func TestAnnouncementsAreChecked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body string
		want int
	}{
		{`{"files":[]}`, 400},
		{`{"files":[{"name":"../x.csv","size":1}]}`, 400},
		{`{"files":[{"name":"a/b.csv","size":1}]}`, 400},
		{`{"files":[{"name":"a\\b.csv","size":1}]}`, 400},
		{`{"files":[{"name":".hidden","size":1}]}`, 400},
		{`{"files":[{"name":"","size":1}]}`, 400},
		{`{"files":[{"name":"a\u0000.csv","size":1}]}`, 400},
		{`{"files":[{"name":"` + strings.Repeat("a", 201) + `","size":1}]}`, 400},
		{`{"files":[{"name":"a.csv","size":1},{"name":"A.CSV","size":1}]}`, 400},
		{`{"files":[{"name":"a.csv","size":0}]}`, 400},
		{`{"files":[{"name":"a.csv","size":-5}]}`, 400},
		{`{"files":[{"name":"a.csv","size":99999999999999}]}`, 413},
		{`{"files":[{"name":"a.csv","size":1}],"path":"/etc/passwd"}`, 400},
		{`{"files":[{"name":"a.csv","size":1}]} x`, 400},
		{`not JSON`, 400},
	} {
		if r := as(t, "checker", http.MethodPost, "/uploads", c.body); r.Code != c.want {
			t.Errorf("%.80s: %d, want %d\n%s", c.body, r.Code, c.want, r.Body)
		}
	}
}

// What breaks off goes on where it stands; what does not fit is refused.
func TestPieces(t *testing.T) {
	t.Parallel()
	text := []byte(hamlets)
	d := announce(t, "lin", map[string][]byte{"a.geojson": text})
	as(t, "lin", http.MethodGet, "/uploads/"+d.ID+"/contents", "").Want(http.StatusConflict)
	as(t, "lin", http.MethodPost, "/uploads/"+d.ID+"/preparation", `{"dataset":"x"}`).Want(http.StatusConflict)
	as(t, "lin", http.MethodPost, "/uploads/"+d.ID+"/publication", `{}`).Want(http.StatusConflict)
	piece(t, "lin", d.ID, 0, 0, text[:50]).Want(http.StatusOK)
	if r := piece(t, "lin", d.ID, 0, 10, text[10:20]).Want(http.StatusConflict); !strings.Contains(r.Body.String(), "offset=50") {
		t.Errorf("%s", r.Body)
	}
	piece(t, "lin", d.ID, 0, 50, append(text[50:], 'x')).Want(http.StatusRequestEntityTooLarge)
	chunked := ask.Do(t, apitest.Request{
		Method: http.MethodPatch, Path: "/uploads/" + d.ID + "/files/0?offset=50", Body: string(text[50:]) + "x",
		Header: map[string]string{apitest.WhoHeader: "lin", "Content-Type": "application/octet-stream", "X-Chunked": "yes"},
	})
	chunked.Want(http.StatusRequestEntityTooLarge)
	piece(t, "lin", d.ID, 1, 0, text).Want(http.StatusNotFound)
	piece(t, "lin", d.ID, 0, 50, text[50:]).Want(http.StatusOK)
	as(t, "lin", http.MethodGet, "/uploads/"+d.ID+"/contents", "").Want(http.StatusOK)
	for _, bad := range []string{`{"dataset":"No Id"}`, `{"dataset":"map"}`, `{"dataset":"x","mode":"away"}`, `{"dataset":"x","crs":"EPSG:1"}`, `{"dataset":"x","encoding":"morse"}`, `{"dataset":"x","path":"/etc"}`} {
		as(t, "lin", http.MethodPost, "/uploads/"+d.ID+"/preparation", bad).Want(http.StatusBadRequest)
	}
	as(t, "lin", http.MethodDelete, "/uploads/"+d.ID, "").Want(http.StatusNoContent)
	if _, err := os.Stat(filepath.Join(land.Dir, "uploads", d.ID)); !os.IsNotExist(err) {
		t.Errorf("its folder is still there: %v", err)
	}
}

func zipped(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHostileUploads(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file string
		data []byte
		says string
	}{
		"traversal": {"a.zip", zipped(t, map[string]string{"../../evil.geojson": hamlets}), "out of the archive"},
		"nested":    {"b.zip", zipped(t, map[string]string{"in.zip": string(zipped(t, map[string]string{"x.geojson": hamlets}))}), "archive"},
		"bomb":      {"c.zip", zipped(t, map[string]string{"x.csv": strings.Repeat("0", 64<<20)}), "unpacks to more"},
		"virtual":   {"d.vrt", []byte(`<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand><SimpleSource><SourceFilename>/etc/passwd</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>`), "virtual raster"},
		"nothing":   {"e.tif", []byte("II*\x00 and then nothing of sense"), ""},
		"program":   {"f.exe", []byte("MZ\x00\x00\x01"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			who := "hostile-" + name
			d := sent(t, who, map[string][]byte{c.file: c.data})
			r := as(t, who, http.MethodGet, "/uploads/"+d.ID+"/contents", "").Want(http.StatusOK)
			if !strings.Contains(r.Body.String(), `"problem"`) || !strings.Contains(r.Body.String(), c.says) {
				t.Errorf("%s", r.Body)
			}
			d = prepare(t, who, d.ID, `{"dataset":"hostile-`+name+`"}`)
			if d.State != "failed" || d.Job.Problem == "" || !strings.Contains(d.Job.Problem, c.says) || strings.Contains(d.Job.Problem, land.Dir) {
				t.Errorf("%+v %+v", d, d.Job)
			}
			as(t, who, http.MethodPost, "/uploads/"+d.ID+"/publication", `{}`).Want(http.StatusConflict)
			ask.Do(t, apitest.Request{Path: "/collections/hostile-" + name}).Want(http.StatusNotFound)
			as(t, who, http.MethodDelete, "/uploads/"+d.ID, "").Want(http.StatusNoContent)
		})
	}
}

// A shapefile in its parts, real data, at the same time as others.
func TestParallelUploadsOfRealData(t *testing.T) {
	t.Parallel()
	concelhos, err := os.ReadFile(shareddata.Path(t, "pt-sao-miguel/concelhos.gpkg"))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			who, id := fmt.Sprintf("par-%d", i), fmt.Sprintf("par-%d", i)
			d := sent(t, who, map[string][]byte{"concelhos.gpkg": concelhos})
			if d = prepare(t, who, d.ID, `{"dataset":"`+id+`","role":"other"}`); d.State != "prepared" || len(d.Datasets) == 0 {
				t.Errorf("%+v %+v", d, d.Job)
				return
			}
			as(t, who, http.MethodPost, "/uploads/"+d.ID+"/publication", `{}`).Want(http.StatusCreated)
			for _, one := range d.Datasets {
				as(t, who, http.MethodDelete, fmt.Sprintf("/collections/%s?version=1", one.ID), "").Want(http.StatusNoContent)
			}
		})
	}
	wg.Wait()
}

func TestQuotaOfAPerson(t *testing.T) {
	t.Parallel()
	var ids []string
	for range 8 {
		ids = append(ids, announce(t, "hoarder", map[string][]byte{"a.csv": []byte("a")}).ID)
	}
	as(t, "hoarder", http.MethodPost, "/uploads", `{"files":[{"name":"a.csv","size":1}]}`).Want(http.StatusTooManyRequests)
	var l struct{ Uploads []uploadDoc }
	as(t, "hoarder", http.MethodGet, "/uploads", "").Want(http.StatusOK).Read(&l)
	if len(l.Uploads) != 8 {
		t.Errorf("%d uploads", len(l.Uploads))
	}
	for _, id := range ids {
		as(t, "hoarder", http.MethodDelete, "/uploads/"+id, "").Want(http.StatusNoContent)
	}
}

func TestDownloadsAndAttributes(t *testing.T) {
	t.Parallel()
	for f, magic := range map[string]string{"gpkg": "SQLite format 3", "fgb": "fgb", "geojson": "{", "geojsonseq": "{", "csv": "", "xlsx": "PK", "parquet": "PAR1", "shp": "PK"} {
		r := ask.Get(t, "/collections/sites/download?f="+f)
		if !strings.HasPrefix(r.Body.String(), magic) || r.Body.Len() < 100 || !strings.Contains(r.Header().Get("Content-Disposition"), "sites.") {
			t.Errorf("%s: %d bytes, %q", f, r.Body.Len(), r.Header().Get("Content-Disposition"))
		}
		ask.Do(t, apitest.Request{Path: "/collections/sites/download?f=" + f, Header: map[string]string{"If-None-Match": r.Header().Get("ETag")}}).Want(http.StatusNotModified)
	}
	ask.Do(t, apitest.Request{Path: "/collections/sites/download?f=doc"}).Want(http.StatusBadRequest)
	ask.Do(t, apitest.Request{Path: "/collections/scenes/download"}).Want(http.StatusNotFound)
	var s struct {
		Rows       int64
		Without    int64 `json:"without_geometry"`
		Attributes []struct {
			Name           string
			Filled         int64
			Distinct       int
			Min, Max, Mean *float64
			Values         []struct {
				Value json.RawMessage
				Count int64
			}
		}
	}
	ask.JSON(t, "/collections/sites/attributes", &s)
	if s.Rows != apitest.Sites || s.Without != 1 {
		t.Errorf("%+v", s)
	}
	for _, a := range s.Attributes {
		switch a.Name {
		case "number":
			if *a.Min != 1 || *a.Max != apitest.Sites || *a.Mean != float64(apitest.Sites+1)/2 || a.Distinct != apitest.Sites {
				t.Errorf("%+v", a)
			}
		case "kind":
			if a.Distinct != 3 || a.Values[0].Count != 19 || a.Filled != apitest.Sites {
				t.Errorf("%+v", a)
			}
		}
	}
	ask.Do(t, apitest.Request{Path: "/collections/scenes/attributes"}).Want(http.StatusNotFound)
	ask.Get(t, "/collections/scenes/health")
	ask.Get(t, "/collections/scenes/lineage")
	var v struct {
		Compared struct {
			What        string
			Added, Same int64
		}
	}
	if ask.JSON(t, "/collections/scenes/versions/2", &v); v.Compared.What != "items" || v.Compared.Added != 1 || v.Compared.Same != 1 {
		t.Errorf("%+v", v)
	}
	ask.Do(t, apitest.Request{Path: "/collections/scenes/versions/9"}).Want(http.StatusNotFound)
}
