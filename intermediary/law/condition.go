package law

import (
	"fmt"
	"slices"
	"strings"
)

// The language of conditions:
//
//	condition = "anything else" | any
//	any       = all { "or" all }
//	all       = part { "and" part }
//	part      = "(" any ")" | atom
//	atom      = name "=" value | name "!=" value
//	          | name "in" list | name "not" "in" list
//	          | name "has" value | name "lacks" value
//	          | name "has" "any" "of" list | name "is" "empty"
//	list      = "{" value { "," value } "}"
//
// has, lacks and is empty are for inputs that are sets, the others for the rest.

// kind of a node.
type kind uint8

const (
	always kind = iota
	leaf
	allOf
	anyOf
)

// node is a condition as a tree.
type node struct {
	kind kind
	atom atom
	kids []*node
}

// atom compares one input: it holds if the facts have one of the mask's values,
// or, negated, none of them.
type atom struct {
	input int
	word  int
	mask  uint64
	not   bool
}

// term is atoms that must all hold.
type term []atom

func (a *atom) holds(bits *[words]uint64) bool { return (bits[a.word]&a.mask != 0) != a.not }

// holds tells whether a compiled condition holds.
func (c *compiled) holds(bits *[words]uint64) bool {
next:
	for i := range c.terms {
		for j := range c.terms[i] {
			if !c.terms[i][j].holds(bits) {
				continue next
			}
		}
		return true
	}
	return false
}

// flatten writes a condition as a list of terms of which one must hold.
func (n *node) flatten() []term {
	switch n.kind {
	case leaf:
		return []term{{n.atom}}
	case anyOf:
		var list []term
		for _, k := range n.kids {
			list = append(list, k.flatten()...)
		}
		return list
	}
	list := []term{{}} // allOf of nothing, and always
	for _, k := range n.kids {
		var longer []term
		for _, before := range list {
			for _, more := range k.flatten() {
				longer = append(longer, append(slices.Clone(before), more...))
			}
		}
		list = longer
	}
	return list
}

// parser reads one condition of a table.
type parser struct {
	table  *Table
	tokens []string
	depth  int
}

// parse reads a condition. Its errors name the word at which it stopped.
func (t *Table) parse(text string) (*node, error) {
	p := parser{table: t, tokens: tokens(text)}
	if slices.Equal(p.tokens, []string{"anything", "else"}) {
		return &node{kind: always}, nil
	}
	n, err := p.any()
	if err != nil {
		return nil, err
	}
	if len(p.tokens) > 0 {
		return nil, fmt.Errorf("a condition ends before %q", p.tokens[0])
	}
	return n, nil
}

// tokens splits a condition into words and marks.
func tokens(text string) []string {
	const marks = "=!{},()"
	var list []string
	for len(text) > 0 {
		switch {
		case strings.ContainsRune(" \t\n", rune(text[0])):
			text = text[1:]
		case strings.HasPrefix(text, "!="):
			list, text = append(list, "!="), text[2:]
		case strings.IndexByte(marks, text[0]) >= 0:
			list, text = append(list, text[:1]), text[1:]
		default:
			end := strings.IndexAny(text, marks+" \t\n")
			if end < 0 {
				end = len(text)
			}
			list, text = append(list, text[:end]), text[end:]
		}
	}
	return list
}

// next takes a token; "" at the end.
func (p *parser) next() string {
	if len(p.tokens) == 0 {
		return ""
	}
	word := p.tokens[0]
	p.tokens = p.tokens[1:]
	return word
}

// take takes the words if they come next.
func (p *parser) take(words ...string) bool {
	if len(p.tokens) < len(words) || !slices.Equal(p.tokens[:len(words)], words) {
		return false
	}
	p.tokens = p.tokens[len(words):]
	return true
}

func (p *parser) any() (*node, error) { return p.joined(anyOf, "or", p.all) }
func (p *parser) all() (*node, error) { return p.joined(allOf, "and", p.part) }

// joined reads parts with a word between them.
func (p *parser) joined(k kind, word string, part func() (*node, error)) (*node, error) {
	first, err := part()
	if err != nil {
		return nil, err
	}
	n := &node{kind: k, kids: []*node{first}}
	for p.take(word) {
		more, err := part()
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, more)
	}
	if len(n.kids) == 1 {
		return first, nil
	}
	return n, nil
}

// maxDepth is how deep brackets may stand in brackets.
const maxDepth = 8

func (p *parser) part() (*node, error) {
	if !p.take("(") {
		return p.comparison()
	}
	if p.depth++; p.depth > maxDepth {
		return nil, fmt.Errorf("brackets stand too deep")
	}
	n, err := p.any()
	if err != nil {
		return nil, err
	}
	p.depth--
	if !p.take(")") {
		return nil, fmt.Errorf("a bracket is not closed")
	}
	return n, nil
}

// comparison reads one atom.
func (p *parser) comparison() (*node, error) {
	name := p.next()
	i := p.table.input(name)
	if i < 0 {
		return nil, fmt.Errorf("%q is no input", name)
	}
	in, at := p.table.inputs[i], p.table.slots[i]
	n := &node{kind: leaf, atom: atom{input: i, word: at.word}}
	var list []string
	var err error
	set := true
	switch {
	case p.take("has", "any", "of"):
		list, err = p.list()
	case p.take("has"):
		list = []string{p.next()}
	case p.take("lacks"):
		list, n.atom.not = []string{p.next()}, true
	case p.take("is", "empty"):
		list, n.atom.not = in.Values, true
	case p.take("in"):
		list, err = p.list()
		set = false
	case p.take("not", "in"):
		list, err = p.list()
		n.atom.not, set = true, false
	case p.take("="):
		list, set = []string{p.next()}, false
	case p.take("!="):
		list, n.atom.not, set = []string{p.next()}, true, false
	default:
		return nil, fmt.Errorf("%q after %s is no comparison", p.next(), name)
	}
	if err != nil {
		return nil, err
	}
	if set != in.Set {
		return nil, fmt.Errorf("%s is compared in a way that does not fit it", name)
	}
	n.atom.mask, err = p.table.mask(i, list)
	return n, err
}

// list reads values in curly brackets.
func (p *parser) list() ([]string, error) {
	if !p.take("{") {
		return nil, fmt.Errorf("%q where a list begins", p.next())
	}
	list := []string{p.next()}
	for p.take(",") {
		list = append(list, p.next())
	}
	if !p.take("}") {
		return nil, fmt.Errorf("%q in a list", p.next())
	}
	return list, nil
}

// mask gives the bits of an input's values.
func (t *Table) mask(input int, values []string) (uint64, error) {
	var mask uint64
	for _, v := range values {
		i := slices.Index(t.inputs[input].Values, v)
		if i < 0 {
			return 0, fmt.Errorf("%q is no value of %s", v, t.inputs[input].Name)
		}
		bit := uint64(1) << (t.slots[input].shift + i)
		if mask&bit != 0 {
			return 0, fmt.Errorf("%s: %s stands there twice", t.inputs[input].Name, v)
		}
		mask |= bit
	}
	return mask, nil
}
