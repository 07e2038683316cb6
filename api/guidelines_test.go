package api_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The rules of the Italian guidelines on interfaces that a catalogue checks
// (as errors), on the document as it is served.
func TestItalianGuidelines(t *testing.T) {
	t.Parallel()
	var doc map[string]any
	ask.JSON(t, "/api", &doc)
	info := doc["info"].(map[string]any)
	for _, name := range []string{"x-summary", "contact", "termsOfService", "x-api-id"} {
		if info[name] == nil || info[name] == "" {
			t.Errorf("info has no %s", name)
		}
	}
	if strings.Contains(fmt.Sprint(info), "example.org") {
		t.Errorf("info has a placeholder: %v", info)
	}
	if parts := strings.Split(fmt.Sprint(info["version"]), "."); len(parts) < 3 {
		t.Errorf("version %v", info["version"])
	}
	for _, s := range doc["servers"].([]any) {
		server := s.(map[string]any)
		if server["description"] == "" || server["x-sandbox"] != true && !strings.HasPrefix(fmt.Sprint(server["url"]), "https://") {
			t.Errorf("server %v", server)
		}
	}
	paths := doc["paths"].(map[string]any)
	if paths["/status"] == nil {
		t.Error("no /status")
	}
	everywhere, _ := doc["security"].([]any)
	for path, item := range paths {
		for method, v := range item.(map[string]any) {
			op, ok := v.(map[string]any)
			if !ok {
				continue
			}
			if own, _ := op["security"].([]any); len(own)+len(everywhere) == 0 { // that none is asked for has to be said
				t.Errorf("%s %s: nothing is said of security", method, path)
			}
			guided(t, method+" "+path, method, op)
		}
	}
}

func guided(t *testing.T, at, method string, op map[string]any) {
	t.Helper()
	body, _ := op["requestBody"].(map[string]any)
	if (method == "get" || method == "delete") && body != nil {
		t.Errorf("%s has a body", at)
	}
	if method == "patch" {
		content, _ := body["content"].(map[string]any)
		if body["required"] != true || len(content) == 0 || content["application/json"] != nil {
			t.Errorf("%s: body %v", at, body)
		}
	}
	params, _ := op["parameters"].([]any)
	for _, p := range params {
		name := strings.ToLower(fmt.Sprint(p.(map[string]any)["name"]))
		if slices.Contains([]string{"accept", "content-type", "authorization"}, name) || strings.Contains(name, "password") || strings.Contains(name, "secret") || strings.Contains(name, "apikey") {
			t.Errorf("%s has parameter %s", at, name)
		}
	}
	for code, v := range op["responses"].(map[string]any) {
		r := v.(map[string]any)
		content, _ := r["content"].(map[string]any)
		if (code == "204" || code == "205") && content != nil {
			t.Errorf("%s: %s with a body", at, code)
		}
		for media := range content {
			if (code[0] == '4' || code[0] == '5' || code == "default") && media != "application/problem+json" {
				t.Errorf("%s: %s as %s", at, code, media)
			}
		}
	}
}

// Spectral finds no error in the document by OpenAPI's own rules; and by those
// of the Italian guidelines, which are published under a licence that keeps
// them out of here, where $CONTADO_ITALIAN_RULES says where they are.
func TestSpectral(t *testing.T) {
	t.Parallel()
	spectral := stacTool(t, "node_modules/.bin/spectral")
	dir := t.TempDir()
	file, rules := dir+"/api.json", dir+"/rules.json"
	doc := ask.Get(t, "/api").Body.Bytes()
	write(t, file, doc)
	sets := []string{"spectral:oas"}
	if italian := os.Getenv("CONTADO_ITALIAN_RULES"); italian != "" {
		sets = append(sets, italian)
	}
	b, err := json.Marshal(map[string]any{"extends": sets})
	if err != nil {
		t.Fatal(err)
	}
	write(t, rules, b)
	lint := func() (string, error) {
		out, err := exec.CommandContext(t.Context(), spectral, "lint", "--fail-severity", "error", "-r", rules, file).CombinedOutput()
		return string(out), err
	}
	if out, err := lint(); err != nil || !strings.Contains(out, "(0 errors") {
		t.Fatalf("%v\n%.4000s", err, out)
	}
	// It does see what is wrong.
	wrong := [][2]string{{`"operationId":"getStatus"`, `"operationId":"getSchema"`}}
	if len(sets) > 1 {
		wrong = append(wrong, [2]string{`"x-summary"`, `"x-nothing"`}, [2]string{`"format":"int64",`, ``}, [2]string{`"application/problem+json"`, `"application/json"`})
	}
	for _, w := range wrong {
		spoilt := strings.Replace(string(doc), w[0], w[1], 1)
		if spoilt == string(doc) {
			t.Fatalf("nothing in the document says %s", w[0])
		}
		write(t, file, []byte(spoilt))
		if out, err := lint(); err == nil {
			t.Errorf("a document with %s for %s passes\n%.2000s", w[1], w[0], out)
		}
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
