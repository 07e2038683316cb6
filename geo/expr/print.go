package expr

import (
	"strconv"
	"strings"
)

// canonical writes the outputs with the fewest parentheses. It never nests
// deeper than the text the tree came from, but for the operand of a 'not'.
func canonical(outputs []*node) string {
	var b strings.Builder
	for i, n := range outputs {
		if i > 0 {
			b.WriteString("; ")
		}
		write(&b, n, precTernary)
	}
	return b.String()
}

// write prints n where an operand that binds at least as tightly as prec is
// wanted, in parentheses when it binds more loosely.
func write(b *strings.Builder, n *node, prec int) {
	info := &ops[n.op]
	if info.prec < prec {
		b.WriteByte('(')
		write(b, n, precTernary)
		b.WriteByte(')')
		return
	}
	switch {
	case n.op == opNumber:
		b.WriteString(strconv.FormatFloat(n.num, 'g', -1, 64))
	case n.op == opPi:
		b.WriteString("pi")
	case n.op == opBand && plain(n.ref):
		b.WriteString(n.ref)
	case n.op == opBand:
		b.WriteString(quote(n.ref))
	case n.op == opWhere:
		write(b, n.args[0], precOr)
		b.WriteString(" ? ")
		write(b, n.args[1], precTernary)
		b.WriteString(" : ")
		write(b, n.args[2], precTernary)
	case info.prec == precUnary:
		b.WriteString(info.text)
		write(b, n.args[0], precUnary)
	case n.op == opPow:
		write(b, n.args[0], precAtom)
		b.WriteByte('^')
		write(b, n.args[1], precUnary)
	case info.prec < precAtom:
		write(b, n.args[0], leftPrec(info.prec))
		b.WriteString(" " + info.text + " ")
		write(b, n.args[1], info.prec+1)
	default:
		b.WriteString(info.text)
		for i, a := range n.args {
			b.WriteString(map[bool]string{true: "(", false: ", "}[i == 0])
			write(b, a, precTernary)
		}
		b.WriteByte(')')
	}
}

// leftPrec is the binding that a left operand needs: chains run left to
// right, but for comparisons, which do not chain.
func leftPrec(prec int) int {
	if prec == precCompare {
		return prec + 1
	}
	return prec
}
