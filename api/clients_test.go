package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"contado/api/apitest"
)

// listener serves the land on a real port and keeps what is asked of it.
type listener struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func listen(t *testing.T) *listener {
	t.Helper()
	l := &listener{}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.asked = append(l.asked, r.URL.RequestURI())
		l.mu.Unlock()
		land.Server.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *listener) saw(part string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.asked {
		if strings.Contains(a, part) {
			return true
		}
	}
	return false
}

// tool runs a GDAL program, or skips where there is none.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append(os.Environ(), "CPL_DEBUG=", "GDAL_HTTP_TIMEOUT=30", "no_proxy=127.0.0.1", "GDAL_DEFAULT_WMS_CACHE_PATH="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// GDAL reads every collection as OGC API Features, pages to the end, and
// sends boxes and conditions to the server.
func TestGDALReadsFeatures(t *testing.T) {
	t.Parallel()
	l := listen(t)
	list := tool(t, "ogrinfo", "-ro", "OAPIF:"+l.URL+"/")
	for _, id := range []string{"sites", "islands", "municipalities", "clinic", "scenes"} {
		if !strings.Contains(list, id) {
			t.Errorf("GDAL does not list %s:\n%s", id, list)
		}
	}
	all := tool(t, "ogrinfo", "-ro", "-al", "OAPIF:"+l.URL+"/", "sites")
	if n := strings.Count(all, "OGRFeature(sites):"); n != apitest.Sites {
		t.Errorf("GDAL reads %d sites, want %d\n%.3000s", n, apitest.Sites, all)
	}
	if strings.Contains(all, "ERROR") || strings.Contains(all, "Warning") {
		t.Errorf("GDAL complains:\n%.3000s", all)
	}
	if !strings.Contains(all, "number (Integer64) = 57") || !strings.Contains(all, "POINT (9.01 46.0)") {
		t.Errorf("attributes or places are lost:\n%.3000s", all)
	}
	box := tool(t, "ogrinfo", "-ro", "-al", "-spat", "9.005", "45.995", "9.025", "46.005", "OAPIF:"+l.URL+"/", "sites")
	if n := strings.Count(box, "OGRFeature(sites):"); n != 2 || !l.saw("bbox=") {
		t.Errorf("in a box GDAL finds %d sites, want 2", n)
	}
	some := tool(t, "ogrinfo", "-ro", "-al", "-where", "number = 7", "OAPIF:"+l.URL+"/", "sites")
	if n := strings.Count(some, "OGRFeature(sites):"); n != 1 {
		t.Errorf("by attribute GDAL finds %d sites, want 1", n)
	}
	// What GDAL sends of conditions is what it can say: equality of texts.
	mills := tool(t, "ogrinfo", "-ro", "-al", "-where", "kind = 'mill'", "OAPIF:"+l.URL+"/", "sites")
	if n := strings.Count(mills, "OGRFeature(sites):"); n != apitest.Sites/3 {
		t.Errorf("GDAL finds %d mills, want %d", n, apitest.Sites/3)
	}
	if !l.saw("kind=mill") {
		t.Errorf("GDAL did not send the condition; it asked %v", l.asked)
	}
	// Types are those of the schema, also where the first page has no value.
	if !strings.Contains(all, "number: Integer64 (0.0)") || !strings.Contains(all, "weight: Real (0.0)") || !strings.Contains(all, "seen: DateTime (0.0)") {
		t.Errorf("GDAL takes other types:\n%.3000s", all)
	}
}

// GDAL reads the tiles as any web map does.
func TestGDALReadsTiles(t *testing.T) {
	t.Parallel()
	l := listen(t)
	dir := t.TempDir()
	description := filepath.Join(dir, "tiles.xml")
	xml := fmt.Sprintf(`<GDAL_WMS><Service name="TMS"><ServerUrl>%s/xyz/elevation/${z}/${x}/${y}.png?rescale=200,300&amp;colormap=viridis</ServerUrl></Service>
<DataWindow><UpperLeftX>-20037508.34</UpperLeftX><UpperLeftY>20037508.34</UpperLeftY><LowerRightX>20037508.34</LowerRightX><LowerRightY>-20037508.34</LowerRightY>
<TileLevel>13</TileLevel><TileCountX>1</TileCountX><TileCountY>1</TileCountY><YOrigin>top</YOrigin></DataWindow>
<Projection>EPSG:3857</Projection><BlockSizeX>256</BlockSizeX><BlockSizeY>256</BlockSizeY><BandsCount>4</BandsCount></GDAL_WMS>`, l.URL)
	if err := os.WriteFile(description, []byte(xml), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out.tif")
	tool(t, "gdal_translate", "-q", "-projwin_srs", "EPSG:4326", "-projwin", "8.94", "46.09", "9.06", "46.01", "-outsize", "300", "0", description, out)
	info := tool(t, "gdalinfo", "-stats", out)
	// Wholly inside the plain: opaque everywhere, and the colour changes.
	if !strings.Contains(info, "STATISTICS_MINIMUM=255") || !strings.Contains(info, "Band 4") {
		t.Errorf("GDAL reads\n%s", info)
	}
	if !l.saw("/xyz/elevation/13/") && !l.saw("/xyz/elevation/12/") {
		t.Errorf("GDAL asked %v", l.asked)
	}
}

// python runs a script in the first interpreter that has a module, or skips.
func python(t *testing.T, module, script string, args ...string) string {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		path, err := exec.LookPath(name)
		if err != nil || exec.CommandContext(t.Context(), path, "-c", "import "+module).Run() != nil {
			continue
		}
		cmd := exec.CommandContext(t.Context(), path, append([]string{"-c", script}, args...)...)
		cmd.Env = append(os.Environ(), "no_proxy=127.0.0.1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", module, err, out)
		}
		return string(out)
	}
	t.Skipf("no python3 with %s is installed", module)
	return ""
}
