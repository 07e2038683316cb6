// Package blobtest is the suite that every blob.Driver passes.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"contado/geo/fault"
	"contado/geo/store/blob"
)

// RunSuite runs every test on drivers that open makes: each call gives an
// empty store, closed by the driver's own t.Cleanup.
func RunSuite(t *testing.T, open func(t *testing.T) blob.Driver) {
	for name, test := range map[string]func(*testing.T, blob.Driver){
		"PutOpen":        testPutOpen,
		"Replace":        testReplace,
		"FailedPut":      testFailedPut,
		"PutFile":        testPutFile,
		"List":           testList,
		"Delete":         testDelete,
		"Missing":        testMissing,
		"BadKeys":        testBadKeys,
		"Canceled":       testCanceled,
		"ReadersAndPut":  testReadersAndPut,
		"PutsAndDeletes": testPutsAndDeletes,
		"Model":          testModel,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func put(t testing.TB, d blob.Driver, key, content string) {
	t.Helper()
	if err := d.Put(t.Context(), key, strings.NewReader(content)); err != nil {
		t.Fatalf("Put(%q): %v", key, err)
	}
}

func get(ctx context.Context, d blob.Driver, key string) (string, blob.Info, error) {
	r, info, err := d.Open(ctx, key)
	if err != nil {
		return "", info, err
	}
	b, err := io.ReadAll(r)
	return string(b), info, errors.Join(err, r.Close())
}

func keys(t testing.TB, d blob.Driver, prefix string) []string {
	t.Helper()
	infos, err := d.List(t.Context(), prefix)
	if err != nil {
		t.Fatalf("List(%q): %v", prefix, err)
	}
	out := []string{}
	for _, i := range infos {
		out = append(out, i.Key)
	}
	return out
}

func wantKind(t testing.TB, what string, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s: %v (kind %v), want kind %v", what, err, fault.KindOf(err), kind)
	}
}

func testPutOpen(t *testing.T, d blob.Driver) {
	for _, content := range []string{"", "x", strings.Repeat("0123456789", 200_000)} {
		key := fmt.Sprintf("datasets/dem/v1/Città %d.tif", len(content))
		put(t, d, key, content)
		got, info, err := get(t.Context(), d, key)
		if err != nil || got != content {
			t.Fatalf("Open(%q): %d bytes, %v; want %d", key, len(got), err, len(content))
		}
		if info.Key != key || info.Size != int64(len(content)) || info.Modified.IsZero() {
			t.Errorf("info = %+v", info)
		}
		if p, err := d.Path(key); err != nil || p == "" {
			t.Errorf("Path(%q) = %q, %v", key, p, err)
		}
	}
	put(t, d, "seek", "abcdef")
	r, _, err := d.Open(t.Context(), "seek")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Seek(-2, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(r); string(b) != "ef" || err != nil {
		t.Errorf("after Seek: %q, %v", b, err)
	}
}

func testReplace(t *testing.T, d blob.Driver) {
	put(t, d, "a/b", "the old and longer one")
	old, _, err := d.Open(t.Context(), "a/b")
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	put(t, d, "a/b", "new")
	if got, info, err := get(t.Context(), d, "a/b"); got != "new" || info.Size != 3 || err != nil {
		t.Errorf("after replacing: %q, %+v, %v", got, info, err)
	}
	if b, err := io.ReadAll(old); string(b) != "the old and longer one" || err != nil {
		t.Errorf("reader of the old object: %q, %v", b, err)
	}
}

func testFailedPut(t *testing.T, d blob.Driver) {
	broken := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("the source broke")))
	if err := d.Put(t.Context(), "x/new", broken); err == nil {
		t.Fatal("Put of a broken reader worked")
	}
	if got := keys(t, d, ""); len(got) != 0 {
		t.Errorf("a failed Put left %v", got)
	}
	put(t, d, "x/old", "kept")
	broken = io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("the source broke")))
	if err := d.Put(t.Context(), "x/old", broken); err == nil {
		t.Fatal("Put of a broken reader worked")
	}
	if got, _, err := get(t.Context(), d, "x/old"); got != "kept" || err != nil {
		t.Errorf("a failed Put changed the object to %q, %v", got, err)
	}
}

func testPutFile(t *testing.T, d blob.Driver) {
	file := filepath.Join(t.TempDir(), "made.gpkg")
	if err := os.WriteFile(file, []byte("rows"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := d.PutFile(t.Context(), "datasets/r/v1/r.gpkg", file); err != nil {
		t.Fatal(err)
	}
	if got, _, err := get(t.Context(), d, "datasets/r/v1/r.gpkg"); got != "rows" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := os.Lstat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file was not moved: %v", err)
	}
	wantKind(t, "no such file", d.PutFile(t.Context(), "a", file), fault.NotExist)
	wantKind(t, "a folder", d.PutFile(t.Context(), "a", t.TempDir()), fault.Invalid)
}

func testList(t *testing.T, d blob.Driver) {
	all := []string{"a-b", "a/c", "a/c2/d", "ab", "b/x", "é"}
	for _, k := range slices.Backward(all) {
		put(t, d, k, k)
	}
	for prefix, want := range map[string][]string{
		"":     all,
		"a":    {"a-b", "a/c", "a/c2/d", "ab"},
		"a/":   {"a/c", "a/c2/d"},
		"a/c":  {"a/c", "a/c2/d"},
		"a/c2": {"a/c2/d"},
		"zz":   {},
		"zz/y": {},
		"é":    {"é"},
	} {
		if got := keys(t, d, prefix); !slices.Equal(got, want) {
			t.Errorf("List(%q) = %q, want %q", prefix, got, want)
		}
	}
	infos, err := d.List(t.Context(), "a/c2/")
	if err != nil || len(infos) != 1 || infos[0].Size != 6 || infos[0].Modified.IsZero() {
		t.Errorf("%+v, %v", infos, err)
	}
}

func testDelete(t *testing.T, d blob.Driver) {
	put(t, d, "a/b/c", "1")
	put(t, d, "a/x", "2")
	for range 2 { // the second time there is nothing to delete
		if err := d.Delete(t.Context(), "a/b/c"); err != nil {
			t.Fatal(err)
		}
	}
	if got := keys(t, d, ""); !slices.Equal(got, []string{"a/x"}) {
		t.Errorf("left: %q", got)
	}
	if err := d.Delete(t.Context(), "a"); err != nil { // a prefix, not an object
		t.Errorf("deleting a prefix: %v", err)
	}
	if got := keys(t, d, ""); !slices.Equal(got, []string{"a/x"}) {
		t.Errorf("left: %q", got)
	}
	put(t, d, "a/b", "a key where a folder was")
}

func testMissing(t *testing.T, d blob.Driver) {
	put(t, d, "a/b", "1")
	for _, key := range []string{"none", "a", "a/b/c", "a/c"} {
		_, _, err := d.Open(t.Context(), key)
		wantKind(t, "Open "+key, err, fault.NotExist)
		if _, err := d.Path(key); err != nil {
			t.Errorf("Path(%q) looks for the object: %v", key, err)
		}
	}
}

func testBadKeys(t *testing.T, d blob.Driver) {
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"", "/a", "../a", "a/../../b", "a//b", "a/", `a\b`, "a\x00", ".hidden", "a/./b"} {
		wantKind(t, "Put "+key, d.Put(t.Context(), key, strings.NewReader("x")), fault.Invalid)
		wantKind(t, "PutFile "+key, d.PutFile(t.Context(), key, file), fault.Invalid)
		wantKind(t, "Delete "+key, d.Delete(t.Context(), key), fault.Invalid)
		_, _, err := d.Open(t.Context(), key)
		wantKind(t, "Open "+key, err, fault.Invalid)
		_, err = d.Path(key)
		wantKind(t, "Path "+key, err, fault.Invalid)
	}
	_, err := d.List(t.Context(), "../")
	wantKind(t, "List", err, fault.Invalid)
	if got := keys(t, d, ""); len(got) != 0 {
		t.Errorf("bad keys left %q", got)
	}
}

func testCanceled(t *testing.T, d blob.Driver) {
	put(t, d, "a", "1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantKind(t, "Put", d.Put(ctx, "b", strings.NewReader("2")), fault.Canceled)
	_, _, err := d.Open(ctx, "a")
	wantKind(t, "Open", err, fault.Canceled)
	_, err = d.List(ctx, "")
	wantKind(t, "List", err, fault.Canceled)
	if got := keys(t, d, ""); !slices.Equal(got, []string{"a"}) {
		t.Errorf("objects: %q", got)
	}
}

// testReadersAndPut: readers see a whole object while it is being replaced.
func testReadersAndPut(t *testing.T, d blob.Driver) {
	const size = 100_000
	put(t, d, "k", strings.Repeat("0", size))
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for n := range 10 {
				if i == 0 {
					put(t, d, "k", strings.Repeat(string(rune('0'+n)), size))
					continue
				}
				got, info, err := get(t.Context(), d, "k")
				if err != nil || len(got) != size || info.Size != size || strings.Count(got, got[:1]) != size {
					t.Errorf("torn object: %d bytes, %v", len(got), err)
				}
			}
		})
	}
	wg.Wait()
}

// testPutsAndDeletes: deleting neighbours never takes a new object away.
func testPutsAndDeletes(t *testing.T, d blob.Driver) {
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			key := fmt.Sprintf("deep/er/k%d", i)
			for range 25 {
				if err := d.Put(t.Context(), key, strings.NewReader("x")); err != nil {
					t.Errorf("Put: %v", err)
				}
				if _, _, err := get(t.Context(), d, key); err != nil {
					t.Errorf("Open after Put: %v", err)
				}
				if err := d.Delete(t.Context(), key); err != nil {
					t.Errorf("Delete: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if got := keys(t, d, ""); len(got) != 0 {
		t.Errorf("left: %q", got)
	}
}

// testModel compares random operations with a map.
func testModel(t *testing.T, d blob.Driver) {
	rapid.Check(t, func(rt *rapid.T) {
		for _, k := range keys(t, d, "") {
			if err := d.Delete(t.Context(), k); err != nil {
				rt.Fatal(err)
			}
		}
		model := map[string][]byte{}
		key := rapid.SampledFrom([]string{"a", "b/c", "b/d", "b/e/f"})
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(rt *rapid.T) {
				k, v := key.Draw(rt, "key"), rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(rt, "value")
				if err := d.Put(t.Context(), k, bytes.NewReader(v)); err != nil {
					rt.Fatal(err)
				}
				model[k] = v
			},
			"delete": func(rt *rapid.T) {
				k := key.Draw(rt, "key")
				if err := d.Delete(t.Context(), k); err != nil {
					rt.Fatal(err)
				}
				delete(model, k)
			},
			"": func(rt *rapid.T) {
				got := keys(t, d, "")
				if len(got) != len(model) {
					rt.Fatalf("List = %q, model has %d", got, len(model))
				}
				for _, k := range got {
					if v, _, err := get(t.Context(), d, k); err != nil || v != string(model[k]) {
						rt.Fatalf("%q = %q, %v; want %q", k, v, err, model[k])
					}
				}
			},
		})
	})
}
