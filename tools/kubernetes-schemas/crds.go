package main

import (
	"os"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// What is taken over of a CRD's schema; patterns, lengths and rules in CEL are left to the API server.
var keywords = []string{"additionalProperties", "enum", "items", "maximum", "minimum", "properties", "required", "type"}

// Adds the schemas of a CRD's versions.
func custom(path string, properties schema) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var crd struct {
		Spec struct {
			Group    string
			Names    struct{ Kind string }
			Versions []struct {
				Name   string
				Schema struct{ OpenAPIV3Schema schema }
			}
		}
	}
	if err := yaml.Unmarshal(text, &crd); err != nil {
		return err
	}
	for _, version := range crd.Spec.Versions {
		name := crd.Spec.Group + "/" + version.Name + "/" + crd.Spec.Names.Kind
		made := closed(version.Schema.OpenAPIV3Schema)
		fields := made["properties"].(schema)
		fields["metadata"] = schema{"$ref": "#/$defs/ObjectMeta"}
		if _, has := fields["status"]; has {
			fields["status"] = schema{"type": "object"}
		}
		properties[name] = made
	}
	return nil
}

// The schema of a CRD as JSON Schema, which allows the fields that it lists and no others.
func closed(of schema) schema {
	if of["x-kubernetes-int-or-string"] == true {
		made := schema{"type": []string{"integer", "string"}}
		// The pattern of quantities is known by their suffixes.
		if pattern, _ := of["pattern"].(string); strings.Contains(pattern, "[KMGTPE]i") {
			made["format"] = "quantity"
		}
		return made
	}
	made := schema{}
	for key, value := range of {
		if !slices.Contains(keywords, key) {
			continue
		}
		switch key {
		case "properties":
			fields := schema{}
			for name, field := range value.(schema) {
				fields[name] = closed(field.(schema))
			}
			made[key] = fields
		case "items":
			made[key] = closed(value.(schema))
		case "additionalProperties":
			made[key] = value
			if inner, ok := value.(schema); ok {
				made[key] = closed(inner)
			}
		default:
			made[key] = value
		}
	}
	_, lists := made["properties"]
	if _, open := made["additionalProperties"]; lists && !open && of["x-kubernetes-preserve-unknown-fields"] != true {
		made["additionalProperties"] = false
	}
	return made
}
