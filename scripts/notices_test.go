package scripts_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"contado/geo/notice"
)

var (
	verb    = regexp.MustCompile(`%[-+# 0]*[0-9]*(?:\.[0-9]+)?([a-z%])`)
	counted = regexp.MustCompile(`%(?:d|g|\.[0-2]f)`) // more decimals are those of coordinates
	choice  = regexp.MustCompile(`\[(?:(\d+):)?[^\[\]|]*\|[^\[\]|]*\]`)
)

// TestNoticesCount: what people are told about numbers fits one and many, in
// both languages: texts with %d go through notice.Text, with as many arguments
// as they have verbs, and with choices that go by a number of theirs.
func TestNoticesCount(t *testing.T) {
	t.Parallel()
	told := 0
	for _, dir := range []string{"../geo/analysis", "../geo/coverage", "../geo/rules"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				where := files.Position(call.Pos())
				switch name := called(call); name {
				case "notice.Text", "notice.Italian":
					told++
					checkCounted(t, where, call)
				case "words", "text":
					forbidCounts(t, where, call)
					checkTongues(t, where, call)
				default:
					if strings.HasSuffix(name, ".notice") {
						forbidCounts(t, where, call)
						checkTongues(t, where, call)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if told < 50 {
		t.Errorf("only %d texts with numbers were found", told)
	}
}

// called is the name of what a call calls, with its package or receiver.
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		switch x := f.X.(type) {
		case *ast.Ident:
			return x.Name + "." + f.Sel.Name
		case *ast.SelectorExpr:
			return x.Sel.Name + "." + f.Sel.Name
		}
	}
	return ""
}

// forbidCounts finds texts about numbers that do not go through notice.Text or
// notice.Italian, which write them for people. More than one is always many.
func forbidCounts(t *testing.T, where token.Position, call *ast.CallExpr) {
	t.Helper()
	for _, arg := range call.Args {
		inner, ok := arg.(*ast.CallExpr)
		if !ok || called(inner) != "fmt.Sprintf" || len(inner.Args) == 0 {
			continue
		}
		if text, ok := literal(inner.Args[0]); ok && counted.MatchString(text) {
			t.Errorf("%s: %q counts: write it with notice.Text or notice.Italian, which know one from many", where, text)
		}
	}
}

func checkCounted(t *testing.T, where token.Position, call *ast.CallExpr) {
	t.Helper()
	text, ok := literal(call.Args[0])
	if !ok || call.Ellipsis.IsValid() {
		return
	}
	verbs, numbers := 0, 0
	for _, v := range verb.FindAllStringSubmatch(text, -1) {
		if v[1] != "%" {
			verbs++
		}
		if strings.Contains("dfeg", v[1]) {
			numbers++
		}
	}
	if verbs != len(call.Args)-1 {
		t.Errorf("%s: %q has %d verbs and %d arguments", where, text, verbs, len(call.Args)-1)
	}
	for _, c := range choice.FindAllStringSubmatch(text, -1) {
		if k, err := strconv.Atoi(c[1]); numbers == 0 || err == nil && k > numbers {
			t.Errorf("%s: %q goes by a number that %q does not have", where, c[0], text)
		}
	}
	args := make([]any, 0, verbs)
	for _, v := range verb.FindAllStringSubmatch(text, -1) {
		switch v[1] {
		case "%":
		case "d":
			args = append(args, 1)
		case "s", "q", "v":
			args = append(args, "x")
		default:
			args = append(args, 1.0)
		}
	}
	if got := notice.Text(text, args...); strings.ContainsAny(got, "[]|") || strings.Contains(got, "%!") {
		t.Errorf("%s: %q says %q", where, text, got)
	}
}

// checkTongues finds numbers of the English text, the last but one, that are
// written as in Italian, and the other way round.
func checkTongues(t *testing.T, where token.Position, call *ast.CallExpr) {
	t.Helper()
	for back, wrong := range map[int]string{1: "notice.Text", 2: "notice.Italian"} {
		if len(call.Args) < 2 {
			return
		}
		if inner, ok := call.Args[len(call.Args)-back].(*ast.CallExpr); ok && called(inner) == wrong {
			t.Errorf("%s: %s writes the numbers of the other language", where, wrong)
		}
	}
}

// literal is the text of a constant string.
func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(l.Value)
	return s, err == nil
}
