package ingest

import (
	"strings"

	"contado/geo/store/catalog"
)

// making says how a version of files came to be.
func (r *run) making(names []string) *catalog.Making {
	return &catalog.Making{Command: commandOf(names, &r.o), Who: r.st.Who, Files: r.o.Sources}
}

// commandOf is the command that ingests files of these names with these
// options.
func commandOf(names []string, o *Options) string {
	args := []string{"contado", "ingest"}
	const most = 20
	for i, n := range names {
		if i == most {
			args = append(args, "…")
			break
		}
		args = append(args, quoted(n))
	}
	flag := func(name, value string) {
		if value != "" {
			args = append(args, "--"+name, quoted(value))
		}
	}
	flag("dataset", o.Dataset)
	flag("role", string(o.Role))
	flag("layer", o.Layer)
	flag("subdataset", o.Subdataset)
	flag("datetime", o.Datetime)
	flag("crs", o.CRS)
	flag("encoding", o.Encoding)
	flag("resampling", string(o.Resampling))
	flag("code-field", o.CodeField)
	flag("name-field", o.NameField)
	flag("parent-field", strings.Join(o.ParentFields, ","))
	flag("level-field", o.LevelField)
	flag("level-name", o.LevelName)
	flag("population-field", o.PopulationField)
	flag("x-field", o.XField)
	flag("y-field", o.YField)
	flag("zm", o.ZM)
	if j := o.Join; j != nil {
		flag("join", j.Dataset)
		flag("join-key", j.Key)
		flag("join-on", j.On)
	}
	switch {
	case o.Append:
		args = append(args, "--append")
	case o.Replace:
		args = append(args, "--replace")
	}
	return strings.Join(args, " ")
}

// quoted is a word as a shell takes it.
func quoted(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:,+@%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
