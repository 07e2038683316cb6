package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sort"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"
)

const defaultConfig = "contado.toml"

// findConfig returns a resolver over the settings file, if there is one. The
// file that is asked for by flag or variable must exist.
func findConfig(args []string) ([]kong.Resolver, error) {
	path, asked := os.LookupEnv("CONTADO_CONFIG")
	for i, a := range args {
		switch {
		case a == "--config" && i+1 < len(args):
			path, asked = args[i+1], true
		case strings.HasPrefix(a, "--config="):
			path, asked = strings.TrimPrefix(a, "--config="), true
		}
	}
	if !asked {
		path = defaultConfig
	}
	var values map[string]any
	_, err := toml.DecodeFile(path, &values)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return nil, nil
	}
	if err != nil {
		return nil, usagef("settings file %s: %v", path, err)
	}
	return []kong.Resolver{&tomlResolver{path: path, values: flatten("", values)}}, nil
}

// flatten turns [report.coverage] within = … into "report.coverage.within".
func flatten(prefix string, in map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range in {
		if sub, ok := v.(map[string]any); ok {
			for kk, vv := range flatten(prefix+k+".", sub) {
				out[kk] = vv
			}
			continue
		}
		out[prefix+k] = v
	}
	return out
}

// tomlResolver answers flags from the settings file: "addr" at the top for
// any command, or "serve.addr" for one.
type tomlResolver struct {
	path   string
	values map[string]any
}

// Validate refuses keys that no flag has.
func (r *tomlResolver) Validate(app *kong.Application) error {
	known := map[string]bool{}
	var walk func(n *kong.Node, path string)
	walk = func(n *kong.Node, path string) {
		for _, f := range n.Flags {
			known[f.Name] = true
			known[path+f.Name] = true
		}
		for _, c := range n.Children {
			if c == n.DefaultCmd { // contado ingest is contado ingest files
				walk(c, path)
				continue
			}
			walk(c, path+c.Name+".")
		}
	}
	walk(app.Node, "")
	var unknown []string
	for k := range r.values {
		if !known[k] {
			unknown = append(unknown, k)
		}
	}
	if len(unknown) > 0 {
		sort.Strings(unknown)
		return fmt.Errorf("settings file %s: unknown key %s (keys are the names of flags, under [command] if only one has them)",
			r.path, strings.Join(unknown, ", "))
	}
	return nil
}

// Resolve gives a flag its value out of the file, or nil.
func (r *tomlResolver) Resolve(_ *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
	if flag.Name == "config" {
		return nil, nil
	}
	if n := parent.Node(); n != nil && n.Type == kong.CommandNode {
		path := flag.Name
		for ; n != nil && n.Type == kong.CommandNode; n = n.Parent {
			if n.Parent != nil && n.Parent.DefaultCmd == n {
				continue
			}
			path = n.Name + "." + path
		}
		if v, ok := r.values[path]; ok {
			return text(v), nil
		}
	}
	if v, ok := r.values[flag.Name]; ok {
		return text(v), nil
	}
	return nil, nil
}

// text is a TOML value as it would be written on the command line.
func text(v any) string {
	if list, ok := v.([]any); ok {
		parts := make([]string, len(list))
		for i, e := range list {
			parts[i] = fmt.Sprint(e)
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(v)
}
