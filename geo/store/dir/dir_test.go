package dir

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"contado/geo/fault"
	"contado/geo/store/blob"
	"contado/geo/store/blob/blobtest"
)

func open(t testing.TB) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSuite(t *testing.T) {
	t.Parallel()
	blobtest.RunSuite(t, func(t *testing.T) blob.Driver { return open(t) })
}

func TestPathIsTheFile(t *testing.T) {
	t.Parallel()
	s := open(t)
	if err := s.Put(t.Context(), "a/b.txt", strings.NewReader("hello")); err != nil {
		t.Fatal(err)
	}
	p, err := s.Path("a/b.txt")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(p); string(b) != "hello" || err != nil {
		t.Errorf("%s holds %q, %v", p, b, err)
	}
}

func TestDeletePrunesEmptyFolders(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, k := range []string{"a/b/c/d", "a/x"} {
		if err := s.Put(t.Context(), k, strings.NewReader("1")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Delete(t.Context(), "a/b/c/d"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(s.path, "a", "b")); !os.IsNotExist(err) {
		t.Errorf("empty folder stayed: %v", err)
	}
	if err := s.Delete(t.Context(), "a/x"); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(s.path)
	if err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestLinksDoNotLeadOut(t *testing.T) {
	t.Parallel()
	s := open(t)
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"out": outside, "file": secret} {
		if err := os.Symlink(target, filepath.Join(s.path, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"out/secret", "file"} {
		if r, _, err := s.Open(t.Context(), key); err == nil {
			b, _ := io.ReadAll(r)
			t.Errorf("Open(%q) read %q", key, b)
		}
		if p, err := s.Path(key); err == nil {
			t.Errorf("Path(%q) = %q", key, p)
		}
	}
	if err := s.Put(t.Context(), "out/new", strings.NewReader("x")); err == nil {
		t.Error("Put through a link worked")
	}
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.PutFile(t.Context(), "out/new2", file); err == nil {
		t.Error("PutFile through a link worked")
	}
	if err := s.Delete(t.Context(), "out/secret"); err == nil {
		t.Error("Delete through a link worked")
	}
	infos, err := s.List(t.Context(), "")
	if err != nil || len(infos) != 0 {
		t.Errorf("List = %v, %v", infos, err)
	}
	// The link itself may be replaced; what it points to stays.
	if err := s.Put(t.Context(), "file", strings.NewReader("mine")); err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir(outside)
	if err != nil || len(left) != 1 {
		t.Errorf("outside: %v, %v", left, err)
	}
	if b, err := os.ReadFile(secret); string(b) != "secret" || err != nil {
		t.Errorf("outside file: %q, %v", b, err)
	}
}

func TestPipesAndPartsAreNotObjects(t *testing.T) {
	t.Parallel()
	s := open(t)
	if err := syscall.Mkfifo(filepath.Join(s.path, "pipe"), 0o600); err != nil {
		t.Skip("no named pipes here:", err)
	}
	if err := os.WriteFile(filepath.Join(s.path, ".left.part"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Open(t.Context(), "pipe"); !fault.Is(err, fault.NotExist) {
		t.Errorf("Open(pipe): %v", err)
	}
	if infos, err := s.List(t.Context(), ""); err != nil || len(infos) != 0 {
		t.Errorf("List = %v, %v", infos, err)
	}
}

func TestKeyUnderAnObjectIsConflict(t *testing.T) {
	t.Parallel()
	s := open(t)
	if err := s.Put(t.Context(), "a", strings.NewReader("1")); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "a/b", strings.NewReader("1")); !fault.Is(err, fault.Conflict) {
		t.Errorf("object below an object: %v", err)
	}
	if err := s.Put(t.Context(), "d/e", strings.NewReader("1")); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "d", strings.NewReader("1")); !fault.Is(err, fault.Conflict) {
		t.Errorf("object in place of a folder: %v", err)
	}
	left, err := os.ReadDir(s.path)
	if err != nil || len(left) != 2 {
		t.Errorf("left %v, %v", left, err)
	}
}

// TestPutFileFromAnotherDevice takes the copying way when /dev/shm is another
// device, as it is on Linux.
func TestPutFileFromAnotherDevice(t *testing.T) {
	t.Parallel()
	s := open(t)
	f, err := os.CreateTemp("/dev/shm", "contado-test-*")
	if err != nil {
		t.Skip("no second device to test with:", err)
	}
	t.Cleanup(func() { os.Remove(f.Name()) })
	if _, err := f.WriteString("far away"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.PutFile(t.Context(), "k", f.Name()); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(s.path, "k")); string(b) != "far away" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := os.Lstat(f.Name()); !os.IsNotExist(err) {
		t.Errorf("source stayed: %v", err)
	}
}

// FuzzKey: whatever key is accepted, nothing appears outside the store.
func FuzzKey(f *testing.F) {
	for _, k := range []string{"a", "a/b", "../x", "a/../../x", "/x", `..\x`, ".x", "a//x", "x\x00y"} {
		f.Add(k)
	}
	f.Fuzz(func(t *testing.T, key string) {
		base := t.TempDir()
		s, err := Open(filepath.Join(base, "store"))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		putErr := s.Put(t.Context(), key, strings.NewReader("x"))
		if p, err := s.Path(key); err == nil && !strings.HasPrefix(p, s.path+string(filepath.Separator)) {
			t.Fatalf("Path(%q) = %q", key, p)
		}
		if infos, err := s.List(t.Context(), ""); err != nil || putErr == nil && (len(infos) != 1 || infos[0].Key != key) {
			t.Fatalf("after Put(%q) = %v: List = %v, %v", key, putErr, infos, err)
		}
		left, err := os.ReadDir(base)
		if err != nil || len(left) != 1 {
			t.Fatalf("key %q left %v outside, %v", key, left, err)
		}
	})
}
