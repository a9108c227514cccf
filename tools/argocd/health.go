package main

import (
	"context"
	"strings"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// settings is the data of the ConfigMap argocd-cm.
type settings map[string]string

// health gives the checks of health that the settings add to Argo CD's own. The key of one ends in group_Kind.
func (settings settings) health() lua.ResourceHealthOverrides {
	checks := lua.ResourceHealthOverrides{}
	for key, script := range settings {
		if kind, found := strings.CutPrefix(key, "resource.customizations.health."); found {
			checks[strings.Replace(kind, "_", "/", 1)] = v1alpha1.ResourceOverride{HealthLua: script}
		}
	}
	return checks
}

// judged are objects whose health is asked for.
type judged struct {
	Settings settings
	Objects  []*unstructured.Unstructured
}

// judge gives the health of each object; null where Argo CD has no check for its kind. Scripts run in Argo CD's own
// interpreter, with the libraries that it gives them.
func judge(_ context.Context, question judged) ([]*health.HealthStatus, error) {
	checks := question.Settings.health()
	answers := []*health.HealthStatus{}
	for _, object := range question.Objects {
		status, err := health.GetResourceHealth(object, checks)
		if err != nil {
			return nil, err
		}
		answers = append(answers, status)
	}
	return answers, nil
}
