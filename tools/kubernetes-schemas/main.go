// Prints JSON Schemas of what Kubernetes reads:
//
//	kubernetes-schemas pods                 PodTemplateSpec, as its Go types decode and encode it
//	kubernetes-schemas objects CRD.yaml...  the kinds of objects that kaito-render makes, as an API server checks them
//
// The versions of Kubernetes are those of go.mod for pods, and of objects.mod for objects (go run -modfile=objects.mod).
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"

	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
)

// The kinds of objects, by apiVersion.
var kinds = map[string][]any{
	"apps/v1":              {apps.Deployment{}, apps.StatefulSet{}},
	"batch/v1":             {batch.Job{}},
	"networking.k8s.io/v1": {networking.NetworkPolicy{}},
	"policy/v1":            {policy.PodDisruptionBudget{}},
	"v1":                   {core.ConfigMap{}, core.PersistentVolumeClaim{}, core.Secret{}, core.Service{}},
}

const dialect = "https://json-schema.org/draft/2020-12/schema"

func main() {
	if len(os.Args) > 1 && os.Args[1] == "pods" {
		check(pods())
	} else if len(os.Args) > 1 && os.Args[1] == "objects" {
		check(objects(os.Args[2:]))
	} else {
		check(fmt.Errorf("usage: %s pods | objects CRD.yaml...", os.Args[0]))
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Beside what the JSON Schema standard knows, a property says in "x-omit-zero" that Go leaves its zero value out, and
// in "default" what Go writes where nothing was given.
func pods() error {
	types := types{definitions: schema{}}
	root := types.of(reflect.TypeOf(core.PodTemplateSpec{}))
	root["$schema"] = dialect
	root["$defs"] = types.definitions
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	return encoder.Encode(root)
}

// The schema of a mapping that has an object under its apiVersion and kind, such as "apps/v1/Job". A line for each
// definition, which keeps the file small and its changes readable.
func objects(crds []string) error {
	types := types{definitions: schema{}, docs: docs{}}
	properties := schema{}
	for version, values := range kinds {
		for _, value := range values {
			kind := reflect.TypeOf(value)
			properties[version+"/"+kind.Name()] = types.of(kind)
			object := types.definitions[kind.Name()].(schema)["properties"].(schema)
			// What a controller writes, and an API server ignores where others do.
			if _, has := object["status"]; has {
				object["status"] = schema{"type": "object"}
			}
		}
	}
	for _, crd := range crds {
		if err := custom(crd, properties); err != nil {
			return fmt.Errorf("%s: %w", crd, err)
		}
	}
	types.dropUnused(properties)
	return print(properties, types.definitions)
}

func print(properties, definitions schema) error {
	var out bytes.Buffer
	fmt.Fprintf(&out, "{\"$schema\": %q,\n\"type\": \"object\",\n\"properties\": {\n", dialect)
	if err := lines(&out, properties); err != nil {
		return err
	}
	fmt.Fprint(&out, "},\n\"$defs\": {\n")
	if err := lines(&out, definitions); err != nil {
		return err
	}
	fmt.Fprint(&out, "}}\n")
	_, err := out.WriteTo(os.Stdout)
	return err
}

func lines(out *bytes.Buffer, entries schema) error {
	names := []string{}
	for name := range entries {
		names = append(names, name)
	}
	slices.Sort(names)
	for index, name := range names {
		text, err := json.Marshal(entries[name])
		if err != nil {
			return err
		}
		end := ",\n"
		if index == len(names)-1 {
			end = "\n"
		}
		fmt.Fprintf(out, "%q: %s%s", name, text, end)
	}
	return nil
}
