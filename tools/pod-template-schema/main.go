// Prints the JSON Schema of Kubernetes' PodTemplateSpec, as its Go types decode and encode it.
//
// Beside what the JSON Schema standard knows, a property says in "x-omit-zero" that Go leaves its zero value out, and
// in "default" what Go writes where nothing was given.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	core "k8s.io/api/core/v1"
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

var definitions = schema{}

func of(kind reflect.Type) schema {
	if scalar, ok := scalars[kind]; ok {
		return scalar
	}
	switch kind.Kind() {
	case reflect.Pointer:
		return of(kind.Elem())
	case reflect.Struct:
		define(kind)
		return schema{"$ref": "#/$defs/" + kind.Name()}
	case reflect.Slice:
		if kind.Elem().Kind() == reflect.Uint8 {
			return schema{"type": "string"}
		}
		return schema{"type": "array", "items": of(kind.Elem())}
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": of(kind.Elem())}
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Int32:
		return schema{"type": "integer", "minimum": -1 << 31, "maximum": 1<<31 - 1}
	case reflect.Int64:
		return schema{"type": "integer"}
	case reflect.String:
		return schema{"type": "string"}
	}
	panic(fmt.Sprint("no schema for ", kind))
}

func define(kind reflect.Type) {
	if _, known := definitions[kind.Name()]; known {
		return
	}
	definitions[kind.Name()] = nil
	properties, required := schema{}, []string{}
	fields(kind, properties, &required)
	definition := schema{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		definition["required"] = required
	}
	definitions[kind.Name()] = definition
}

func fields(kind reflect.Type, properties schema, required *[]string) {
	for index := range kind.NumField() {
		field := kind.Field(index)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if strings.Contains(options, "inline") {
			fields(field.Type, properties, required)
			continue
		}
		property := schema{}
		for key, value := range of(field.Type) {
			property[key] = value
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
		properties[name] = property
	}
}

func main() {
	root := of(reflect.TypeOf(core.PodTemplateSpec{}))
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$defs"] = definitions
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(root); err != nil {
		panic(err)
	}
}
