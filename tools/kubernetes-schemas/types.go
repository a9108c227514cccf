package main

import (
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

type schema = map[string]any

// What encodes itself: by type, what it looks like in JSON.
var scalars = map[reflect.Type]schema{
	reflect.TypeOf(resource.Quantity{}):  {"type": []string{"string", "number"}, "format": "quantity"},
	reflect.TypeOf(intstr.IntOrString{}): {"type": []string{"integer", "string"}},
	reflect.TypeOf(meta.Time{}):          {"type": "string", "format": "date-time"},
	reflect.TypeOf(meta.FieldsV1{}):      {"type": "object"},
}

// The schemas of Go types. With docs they are those of an API server, which knows more than the types.
type types struct {
	definitions schema
	docs        docs
}

func (types types) of(kind reflect.Type) schema {
	if scalar, ok := scalars[kind]; ok {
		return scalar
	}
	switch kind.Kind() {
	case reflect.Pointer:
		return types.of(kind.Elem())
	case reflect.Struct:
		types.define(kind)
		return schema{"$ref": "#/$defs/" + kind.Name()}
	case reflect.Slice:
		if kind.Elem().Kind() == reflect.Uint8 {
			return schema{"type": "string"}
		}
		return schema{"type": "array", "items": types.of(kind.Elem())}
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": types.of(kind.Elem())}
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Int32:
		return schema{"type": "integer", "minimum": -1 << 31, "maximum": 1<<31 - 1}
	case reflect.Int64:
		return schema{"type": "integer"}
	case reflect.String:
		if values := types.docs.enum(kind); len(values) > 0 {
			return schema{"type": "string", "enum": values}
		}
		return schema{"type": "string"}
	}
	panic(fmt.Sprint("no schema for ", kind))
}

func (types types) define(kind reflect.Type) {
	if _, known := types.definitions[kind.Name()]; known {
		return
	}
	types.definitions[kind.Name()] = nil
	properties, required := schema{}, []string{}
	types.fields(kind, properties, &required)
	definition := schema{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		definition["required"] = required
	}
	types.definitions[kind.Name()] = definition
}

func (types types) fields(kind reflect.Type, properties schema, required *[]string) {
	for index := range kind.NumField() {
		field := kind.Field(index)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			types.fields(field.Type, properties, required)
			continue
		}
		property := schema{}
		for key, value := range types.of(field.Type) {
			property[key] = value
		}
		properties[name] = property
		if types.docs != nil {
			if !strings.Contains(options, "omit") && !types.docs.isOptional(kind, field.Name) {
				*required = append(*required, name)
			}
			continue
		}
		kind, omits := field.Type.Kind(), strings.Contains(options, "omitempty")
		switch {
		case kind != reflect.Pointer && !omits:
			*required = append(*required, name)
		case field.Type == reflect.TypeOf(resource.Quantity{}):
			property["default"] = "0"
		case kind != reflect.Pointer && kind != reflect.Struct:
			property["x-omit-zero"] = true
		}
	}
}

// Removes the definitions that nothing refers to, directly or by others.
func (types types) dropUnused(roots schema) {
	used := map[string]bool{}
	var visit func(value any)
	visit = func(value any) {
		switch value := value.(type) {
		case schema:
			if reference, ok := value["$ref"].(string); ok {
				name := strings.TrimPrefix(reference, "#/$defs/")
				if !used[name] {
					used[name] = true
					visit(types.definitions[name])
				}
			}
			for _, inner := range value {
				visit(inner)
			}
		case []any:
			for _, inner := range value {
				visit(inner)
			}
		}
	}
	visit(roots)
	for name := range types.definitions {
		if !used[name] {
			delete(types.definitions, name)
		}
	}
}
