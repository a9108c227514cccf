// What the tests of Flux need beside its programs, by the libraries that these are made of. The first argument says what.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"github.com/fluxcd/pkg/apis/kustomize"
	fluxkustomize "github.com/fluxcd/pkg/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/yaml"
)

const usage = `usage:
  envsubst [--strict] [NAME=VALUE ...]   the objects of a stream with variables filled in, or why that fails, as JSON
  health [EXPRESSIONS]                   the state of each object of a stream by a file of healthCheckExprs, or else by
                                         what is known of its kind, as JSON
  git DIRECTORY ADDRESS                  serves the repositories in a directory by HTTP
  sign IMAGE FILE                        signs an image as cosign does, and writes the public key to a file`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) > 0 && args[0] == "envsubst":
		return answer(func(objects []*unstructured.Unstructured) (any, error) { return substitute(objects, args[1:]) })
	case len(args) == 1 && args[0] == "health":
		return answer(func(objects []*unstructured.Unstructured) (any, error) { return judge(objects, status.Compute) })
	case len(args) == 2 && args[0] == "health":
		compute, err := byExpressions(args[1])
		if err != nil {
			return err
		}
		return answer(func(objects []*unstructured.Unstructured) (any, error) { return judge(objects, compute) })
	case len(args) == 3 && args[0] == "git":
		return serveRepositories(args[1], args[2])
	case len(args) == 3 && args[0] == "sign":
		return sign(args[1], args[2])
	}
	return errors.New(usage)
}

// answer prints what a question about the objects on standard input gives.
func answer(question func([]*unstructured.Unstructured) (any, error)) error {
	objects, err := readObjects(os.Stdin)
	if err != nil {
		return err
	}
	answers, err := question(objects)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}

// substituted is an object with variables filled in, or why it has none.
type substituted struct {
	Object map[string]any `json:"object,omitempty"`
	Error  string         `json:"error,omitempty"`
}

// substitute does what kustomize-controller does to each object of a build. It does nothing without a variable.
func substitute(objects []*unstructured.Unstructured, args []string) ([]substituted, error) {
	strict := false
	variables := map[string]any{}
	for _, arg := range args {
		if arg == "--strict" {
			strict = true
			continue
		}
		name, value, _ := strings.Cut(arg, "=")
		variables[name] = value
	}
	kustomization := unstructured.Unstructured{Object: map[string]any{
		"spec": map[string]any{"postBuild": map[string]any{"substitute": variables}},
	}}
	factory := provider.NewDefaultDepProvider().GetResourceFactory()
	var answers []substituted
	for _, object := range objects {
		built, err := factory.FromMap(object.Object)
		if err != nil {
			return nil, err
		}
		filled, err := fluxkustomize.SubstituteVariables(context.Background(), nil, kustomization, built,
			fluxkustomize.SubstituteWithDryRun(true), fluxkustomize.SubstituteWithStrict(strict))
		switch {
		case err != nil:
			answers = append(answers, substituted{Error: err.Error()})
			continue
		case filled == nil:
			// It is marked, and so left as it is.
			filled = built
		}
		result, err := filled.Map()
		if err != nil {
			return nil, err
		}
		answers = append(answers, substituted{Object: result})
	}
	return answers, nil
}

// state is what kustomize-controller takes an object for.
type state struct {
	Status string `json:"status,omitempty"`
	Error  string `json:"error,omitempty"`
}

// compute is how kustomize-controller finds the state of an object.
type compute func(*unstructured.Unstructured) (*status.Result, error)

func byExpressions(path string) (compute, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var check kustomize.CustomHealthCheck
	if err := yaml.UnmarshalStrict(text, &check); err != nil {
		return nil, err
	}
	evaluator, err := cel.NewStatusEvaluator(&check.HealthCheckExpressions)
	if err != nil {
		return nil, err
	}
	return func(object *unstructured.Unstructured) (*status.Result, error) {
		return evaluator.Evaluate(context.Background(), object)
	}, nil
}

func judge(objects []*unstructured.Unstructured, compute compute) ([]state, error) {
	var states []state
	for _, object := range objects {
		found, err := compute(object)
		if err != nil {
			states = append(states, state{Error: err.Error()})
			continue
		}
		states = append(states, state{Status: string(found.Status)})
	}
	return states, nil
}

func readObjects(stream io.Reader) ([]*unstructured.Unstructured, error) {
	text, err := io.ReadAll(stream)
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		object := &unstructured.Unstructured{}
		switch err := decoder.Decode(object); {
		case errors.Is(err, io.EOF):
			return objects, nil
		case err != nil:
			return nil, err
		case object.Object != nil:
			objects = append(objects, object)
		}
	}
}
