package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// What the comments of packages say and their types do not, by the paths of the packages. Without any, nothing is asked.
type docs map[string]*doc

type doc struct {
	// The values of each type with the marker "+enum".
	enums map[string][]string
	// Fields with the marker "+optional", as Type.Field.
	optional map[string]bool
}

func (docs docs) enum(kind reflect.Type) []string {
	if docs == nil || kind.PkgPath() == "" {
		return nil
	}
	return docs.of(kind.PkgPath()).enums[kind.Name()]
}

func (docs docs) isOptional(kind reflect.Type, field string) bool {
	return docs.of(kind.PkgPath()).optional[kind.Name()+"."+field]
}

func (docs docs) of(path string) *doc {
	if known := docs[path]; known != nil {
		return known
	}
	list := exec.Command("go", "list", "-f", "{{.Dir}}", path)
	list.Stderr = os.Stderr
	directory, err := list.Output()
	check(err)
	isSource := func(file os.FileInfo) bool { return !strings.HasSuffix(file.Name(), "_test.go") }
	packages, err := parser.ParseDir(token.NewFileSet(), strings.TrimSpace(string(directory)), isSource, parser.ParseComments)
	check(err)
	made := &doc{enums: map[string][]string{}, optional: map[string]bool{}}
	values := map[string][]string{}
	for _, one := range packages {
		for _, file := range one.Files {
			for _, declaration := range file.Decls {
				if general, ok := declaration.(*ast.GenDecl); ok {
					made.read(general, values)
				}
			}
		}
	}
	for name := range made.enums {
		made.enums[name] = values[name]
		slices.Sort(made.enums[name])
	}
	docs[path] = made
	return made
}

// Reads the types of a declaration, and adds its constants to the values of their types.
func (made *doc) read(declaration *ast.GenDecl, values map[string][]string) {
	for _, spec := range declaration.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if has(declaration.Doc, "enum") || has(spec.Doc, "enum") {
				made.enums[spec.Name.Name] = nil
			}
			if fields, ok := spec.Type.(*ast.StructType); ok {
				for _, field := range fields.Fields.List {
					for _, name := range field.Names {
						made.optional[spec.Name.Name+"."+name.Name] = has(field.Doc, "optional")
					}
				}
			}
		case *ast.ValueSpec:
			kind, ok := spec.Type.(*ast.Ident)
			if !ok || declaration.Tok != token.CONST {
				continue
			}
			for _, value := range spec.Values {
				if literal, ok := value.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					text, err := strconv.Unquote(literal.Value)
					check(err)
					values[kind.Name] = append(values[kind.Name], text)
				}
			}
		}
	}
}

// Whether a comment has a marker, such as "+optional".
func has(comment *ast.CommentGroup, marker string) bool {
	if comment == nil {
		return false
	}
	for _, line := range comment.List {
		text := strings.TrimSpace(strings.TrimPrefix(line.Text, "//"))
		if text == "+"+marker {
			return true
		}
	}
	return false
}
