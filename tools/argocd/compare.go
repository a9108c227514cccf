package main

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/diff"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	argodiff "github.com/argoproj/argo-cd/v3/util/argo/diff"
	"github.com/argoproj/argo-cd/v3/util/argo/normalizers"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// comparisons are the three that Argo CD knows: the default, the one that goes with the sync option ServerSideApply=true,
// and the one that the compare option ServerSideDiff=true asks for.
var comparisons = []string{"default", "ServerSideApply", "ServerSideDiff"}

// ignored is what no comparison looks at by default (util/settings/settings.go, GetResourceOverrides).
var ignored = map[string]v1alpha1.ResourceOverride{
	"*/*": {IgnoreDifferences: v1alpha1.OverrideIgnoreDiff{JSONPointers: []string{"/status"}}},
}

// compare gives what is out of sync, in words, for each comparison.
func compare(_ context.Context, app application) (map[string][]string, error) {
	it, err := newEngine(app)
	if err != nil {
		return nil, err
	}
	found := map[string][]string{}
	for _, name := range comparisons {
		if found[name], err = it.differences(name); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// differences are those of one comparison, configured as the controller does (controller/state.go, CompareAppState).
func (it *engine) differences(comparison string) ([]string, error) {
	pairs, err := it.reconcile()
	if err != nil {
		return nil, err
	}
	runner, cleanup, err := it.kubectl.ManageServerSideDiffDryRuns(it.config)
	if err != nil {
		return nil, err
	}
	defer cleanup()
	config, err := argodiff.NewDiffConfigBuilder().
		WithDiffSettings(nil, ignored, false, normalizers.IgnoreNormalizerOpts{}).
		WithTracking(instanceLabel, string(it.Tracking)).
		WithNoCache().
		WithGVKParser(it.cluster.GetGVKParser()).
		WithManager(applyManager).
		WithStructuredMergeDiff(comparison == "ServerSideApply").
		WithServerSideDiff(comparison == "ServerSideDiff").
		WithServerSideDryRunner(diff.NewK8sServerSideDryRunner(runner)).
		Build()
	if err != nil {
		return nil, err
	}
	results, err := argodiff.StateDiffs(pairs.Live, pairs.Target, config)
	if err != nil {
		return nil, err
	}
	differences := []string{}
	for place, result := range results.Diffs {
		live, wanted := pairs.Live[place], pairs.Target[place]
		switch {
		case !it.isOurs(live, wanted):
		case wanted == nil:
			differences = append(differences, name(live)+" is not wanted")
		case live == nil:
			differences = append(differences, name(wanted)+" is missing")
		case result.Modified:
			differences = append(differences, difference(name(wanted), decode(result.NormalizedLive), decode(result.PredictedLive))...)
		}
	}
	return differences, nil
}

func name(object *unstructured.Unstructured) string {
	return object.GetKind() + "/" + object.GetName()
}

func decode(text []byte) (value any) {
	if err := json.Unmarshal(text, &value); err != nil {
		fail(err.Error())
	}
	return value
}

// difference gives the places at which two values differ, in words.
func difference(path string, live, wanted any) (found []string) {
	if reflect.DeepEqual(live, wanted) {
		return nil
	}
	a, b := children(live), children(wanted)
	if a == nil || b == nil {
		has, should := encode(live), encode(wanted)
		return []string{fmt.Sprintf("%s is %s and should be %s", path, has, should)}
	}
	for key, value := range a {
		found = append(found, difference(path+"/"+key, value, b[key])...)
	}
	for key, value := range b {
		if _, has := a[key]; !has {
			found = append(found, difference(path+"/"+key, nil, value)...)
		}
	}
	return found
}

// children are those of an object or a list; nil for other values.
func children(value any) map[string]any {
	switch value := value.(type) {
	case map[string]any:
		return value
	case []any:
		children := map[string]any{}
		for place, child := range value {
			children[fmt.Sprint(place)] = child
		}
		return children
	}
	return nil
}

func encode(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		fail(err.Error())
	}
	return text
}
