package cql2

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Function is a function that filters may call. It gives no value when an
// argument has none.
type Function struct {
	Name        string
	Description string
	Args        []Argument
	Returns     Type

	call func(args []any) any
}

// Argument is what a function takes.
type Argument struct {
	Name string
	Type Type
}

// Functions lists the functions, by name.
func Functions() []Function { return slices.Clone(functions) }

func findFunction(name string) (*Function, bool) {
	i, ok := slices.BinarySearchFunc(functions, name, func(f Function, name string) int { return strings.Compare(f.Name, name) })
	if !ok {
		return nil, false
	}
	return &functions[i], true
}

func ofNumber(name, description string, f func(float64) float64) Function {
	return Function{name, description, []Argument{{"number", NumberType}}, NumberType, func(args []any) any {
		if v, ok := args[0].(float64); ok {
			return f(v)
		}
		return nil
	}}
}

func ofText(name, description string, returns Type, f func(string) any) Function {
	return Function{name, description, []Argument{{"text", TextType}}, returns, func(args []any) any {
		if v, ok := args[0].(string); ok {
			return f(v)
		}
		return nil
	}}
}

func ofTime(name, description string, f func(Instant) int) Function {
	return Function{name, description, []Argument{{"time", TimeType}}, NumberType, func(args []any) any {
		if v, ok := args[0].(Instant); ok {
			return float64(f(v))
		}
		return nil
	}}
}

// functions is sorted by name and never changed.
var functions = []Function{
	ofNumber("abs", "The number without its sign.", math.Abs),
	ofNumber("ceil", "The smallest whole number that is not below.", math.Ceil),
	{"concat", "Two texts, one after the other.", []Argument{{"first", TextType}, {"second", TextType}}, TextType, func(args []any) any {
		a, ok1 := args[0].(string)
		b, ok2 := args[1].(string)
		if !ok1 || !ok2 || len(a)+len(b) > maxJoined {
			return nil
		}
		return a + b
	}},
	ofTime("day", "The day of the month, in UTC.", func(t Instant) int { return t.Time.UTC().Day() }),
	ofNumber("floor", "The largest whole number that is not above.", math.Floor),
	ofText("length", "The number of characters.", NumberType, func(s string) any { return float64(utf8.RuneCountInString(s)) }),
	ofText("lower", "The text in lower case.", TextType, func(s string) any { return strings.ToLower(s) }),
	ofTime("month", "The month, 1 to 12, in UTC.", func(t Instant) int { return int(t.Time.UTC().Month()) }),
	ofNumber("round", "The nearest whole number; halves go away from zero.", math.Round),
	ofText("trim", "The text without white space at its ends.", TextType, func(s string) any { return strings.TrimSpace(s) }),
	ofText("upper", "The text in upper case.", TextType, func(s string) any { return strings.ToUpper(s) }),
	ofTime("year", "The year, in UTC.", func(t Instant) int { return t.Time.UTC().Year() }),
}

// maxJoined bounds texts that are put together, in bytes: joined again and
// again, they would double each time.
const maxJoined = 1 << 20

// call compiles a function that gives a value of one of the wanted sorts.
func (c *compiler) call(n *Call, s sort) (value, error) {
	f, ok := findFunction(n.Name)
	if !ok {
		return nil, noFunction(n)
	}
	if len(n.Args) != len(f.Args) {
		return nil, wrong("%s takes %d arguments, not %d", f.Name, len(f.Args), len(n.Args))
	}
	if f.Returns.sort()&s == 0 {
		return nil, wrong("%s gives a %s where %v is wanted", f.Name, f.Returns, s)
	}
	args := make([]value, len(n.Args))
	for i, a := range n.Args {
		if err := want(f.Name, a, f.Args[i].Type.sort()); err != nil {
			return nil, wrong("%w", err)
		}
		var err error
		if args[i], err = c.value(a, f.Args[i].Type.sort()); err != nil {
			return nil, err
		}
	}
	return func(g Getter) (any, error) {
		values := make([]any, len(args))
		for i, a := range args {
			v, err := a(g)
			if v == nil || err != nil {
				return nil, err
			}
			values[i] = v
		}
		return f.call(values), nil
	}, nil
}
