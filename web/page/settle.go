package page

import (
	"html/template"
	"text/template/parse"

	"gatepost/web/words"
)

// settle puts the words in that a template asks for by a plain key, {{t "key"}},
// when the page is parsed: they are the same each time, and asking is a good
// part of what a page costs. They are escaped as text and as the value of a
// quoted attribute, which is where words stand. A key that there is not stays
// and fails as ever.
func settle(tree *parse.Tree, w *words.Words) {
	if tree != nil {
		settleList(tree.Root, w)
	}
}

func settleList(list *parse.ListNode, w *words.Words) {
	if list == nil {
		return
	}
	for i, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.ActionNode:
			if text, ok := plainWords(n, w); ok {
				list.Nodes[i] = &parse.TextNode{NodeType: parse.NodeText, Pos: n.Pos, Text: []byte(template.HTMLEscapeString(text))}
			}
		case *parse.IfNode:
			settleBranches(&n.BranchNode, w)
		case *parse.RangeNode:
			settleBranches(&n.BranchNode, w)
		case *parse.WithNode:
			settleBranches(&n.BranchNode, w)
		}
	}
}

func settleBranches(n *parse.BranchNode, w *words.Words) {
	settleList(n.List, w)
	settleList(n.ElseList, w)
}

// plainWords is the text of an action that is nothing but t and a key.
func plainWords(n *parse.ActionNode, w *words.Words) (string, bool) {
	if len(n.Pipe.Decl) > 0 || len(n.Pipe.Cmds) != 1 || len(n.Pipe.Cmds[0].Args) != 2 {
		return "", false
	}
	name, isName := n.Pipe.Cmds[0].Args[0].(*parse.IdentifierNode)
	key, isKey := n.Pipe.Cmds[0].Args[1].(*parse.StringNode)
	if !isName || !isKey || name.Ident != "t" {
		return "", false
	}
	text, err := w.Text(key.Text)
	return text, err == nil
}
