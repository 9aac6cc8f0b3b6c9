package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// mutant is a literal that is to be changed.
type mutant struct {
	target *target
	file   string // from the root of the tree
	decl   string // what it is declared in
	nth    int    // of the literals of this text in the declaration, from 1
	line   int
	src    []byte // of the file
	from   int    // byte offset in it
	old    string
	new    string
}

// name stays the same when lines move: it is what exemptions go by.
func (m *mutant) name() string {
	return fmt.Sprintf("%s %s %s#%d", m.file, m.decl, m.old, m.nth)
}

func (m *mutant) String() string { return fmt.Sprintf("%s -> %s (line %d)", m.name(), m.new, m.line) }

// find gives the literals of the target's files: numbers and characters of constants and variables
// of the package, those of functions but for 0 and 1, which are logic rather than constants, and
// strings of constants.
func find(root string, t *target) (found []*mutant, err error) {
	files := t.files
	if files == nil {
		if files, err = filepath.Glob(filepath.Join(root, t.dir, "*.go")); err != nil {
			return nil, err
		}
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		path := filepath.Join(t.dir, filepath.Base(name))
		src, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			return nil, err
		}
		of, err := findIn(path, src, t)
		if err != nil {
			return nil, err
		}
		found = append(found, of...)
	}
	return found, nil
}

func findIn(path string, src []byte, t *target) (found []*mutant, err error) {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, path, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	seen := map[string]int{}
	visit := func(decl string, n ast.Node, inside bool, kind token.Token) {
		ast.Inspect(n, func(n ast.Node) bool {
			if _, ok := n.(*ast.ArrayType); ok && inside {
				return false // sizes of memory
			}
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind == token.STRING && kind != token.CONST {
				return true
			}
			changed := change(lit)
			if changed == "" || inside && (lit.Value == "0" || lit.Value == "1") {
				return true
			}
			at := set.Position(lit.Pos())
			seen[decl+" "+lit.Value]++
			found = append(found, &mutant{t, path, decl, seen[decl+" "+lit.Value], at.Line, src, at.Offset, lit.Value, changed})
			return true
		})
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			for _, s := range d.Specs {
				v, ok := s.(*ast.ValueSpec)
				if !ok {
					continue
				}
				for _, value := range v.Values {
					visit(v.Names[0].Name, value, false, d.Tok)
				}
			}
		case *ast.FuncDecl:
			if d.Body != nil {
				visit(funcName(d), d.Body, true, token.FUNC)
			}
		}
	}
	return found, nil
}

func funcName(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	of := d.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	if id, ok := of.(*ast.Ident); ok {
		return id.Name + "." + d.Name.Name
	}
	return d.Name.Name
}

// change gives the literal that comes next: one more; of a float, the next float32; of a string,
// one with another last byte.
func change(lit *ast.BasicLit) string {
	switch lit.Kind {
	case token.INT:
		v := constant.BinaryOp(constant.MakeFromLiteral(lit.Value, lit.Kind, 0), token.ADD, constant.MakeInt64(1))
		return v.ExactString()
	case token.CHAR:
		r, _, _, err := strconv.UnquoteChar(lit.Value[1:], '\'')
		if err != nil {
			return ""
		}
		return strconv.QuoteRuneToASCII(r + 1)
	case token.FLOAT:
		v, _ := constant.Float32Val(constant.MakeFromLiteral(lit.Value, lit.Kind, 0))
		return strconv.FormatFloat(float64(math.Nextafter32(v, math.MaxFloat32)), 'x', -1, 64)
	case token.STRING:
		s, err := strconv.Unquote(lit.Value)
		if err != nil || s == "" {
			return ""
		}
		return fmt.Sprintf(`"%s\x%02x"`, strings.Trim(strconv.QuoteToASCII(s[:len(s)-1]), `"`), s[len(s)-1]^1)
	}
	return ""
}
