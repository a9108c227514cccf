package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/cache"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync/common"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/tracing"
	"github.com/argoproj/argo-cd/v3/controller"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/argo"
	argosettings "github.com/argoproj/argo-cd/v3/util/settings"
	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Names that the controller uses (common/common.go).
const (
	instanceLabel = "app.kubernetes.io/instance"
	applyManager  = "argocd-controller"
)

// application is what the controller knows of an Application when it compares or syncs it.
type application struct {
	Name        string
	Namespace   string
	Objects     []*unstructured.Unstructured
	Tracking    v1alpha1.TrackingMethod
	SyncOptions v1alpha1.SyncOptions
	// A person has confirmed what is to be pruned.
	Confirmed bool
	Settings  settings
	// How long a sync may take.
	Seconds int
}

// outcome is how far a sync has come.
type outcome struct {
	Phase   common.OperationPhase
	Message string
	// In the order in which they were done.
	Resources []resource
}

// resource is what a sync did with an object.
type resource struct {
	Kind    string
	Name    string
	Status  common.ResultCode
	Phase   common.OperationPhase
	Message string
}

// engine is the part of Argo CD that compares and syncs, for one Application in one cluster.
type engine struct {
	application
	config   *rest.Config
	cluster  cache.ClusterCache
	kubectl  *kube.KubectlCmd
	tracking argo.ResourceTracking
}

// newEngine reads the cluster that KUBECONFIG names.
func newEngine(app application) (*engine, error) {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 500, 500
	it := &engine{
		application: app,
		config:      config,
		kubectl:     &kube.KubectlCmd{Log: logr.Discard(), Tracer: tracing.NopTracer{}},
		tracking:    argo.NewResourceTracking(),
	}
	owner := func(object *unstructured.Unstructured, _ bool) (any, bool) {
		return it.tracking.GetAppName(object, instanceLabel, it.Tracking, ""), true
	}
	it.cluster = cache.NewClusterCache(config, cache.SetLogr(logr.Discard()), cache.SetPopulateResourceInfoHandler(owner),
		cache.SetSettings(cache.Settings{ResourceHealthOverride: app.Settings.health(), ResourcesFilter: &argosettings.ResourcesFilter{}}))
	if err := it.cluster.EnsureSynced(); err != nil {
		return nil, err
	}
	return it, it.track()
}

// track has the objects say whose they are, as repo-server and controller do.
func (it *engine) track() error {
	track := func(object *unstructured.Unstructured) error {
		return it.tracking.SetAppInstance(object, instanceLabel, it.Name, it.Namespace, it.Tracking, "")
	}
	for _, object := range it.Objects {
		if err := track(object); err != nil {
			return err
		}
	}
	objects, conditions, err := controller.NormalizeTargetObjects(it.Namespace, it.Objects, it.cluster, track)
	if err == nil && len(conditions) > 0 {
		err = errors.New(conditions[0].Message)
	}
	it.Objects = objects
	return err
}

// reconcile pairs the objects with those of the cluster.
func (it *engine) reconcile() (sync.ReconciliationResult, error) {
	live, err := it.cluster.GetManagedLiveObjs(it.Objects, func(resource *cache.Resource) bool { return resource.Info == it.Name })
	if err != nil {
		return sync.ReconciliationResult{}, err
	}
	return sync.Reconcile(it.Objects, live, it.Namespace, it.cluster), nil
}

// isOurs says whether an object is the one that its annotation names: nodes have a copy of their NodeClaim's
// (controller/state.go, isSelfReferencedObj).
func (it *engine) isOurs(live, wanted *unstructured.Unstructured) bool {
	if live == nil || wanted != nil {
		return true
	}
	named := it.tracking.GetAppInstance(live, it.Tracking, "")
	kind := live.GroupVersionKind()
	return named == nil || named.Name == live.GetName() && named.Group == kind.Group && named.Kind == kind.Kind &&
		(named.Namespace == live.GetNamespace() || live.GetNamespace() == "")
}

// synchronize does what a click on "Sync" with "Prune" does, but does not wait between waves.
func synchronize(_ context.Context, app application) (*outcome, error) {
	it, err := newEngine(app)
	if err != nil {
		return nil, err
	}
	end := time.Now().Add(time.Duration(app.Seconds) * time.Second)
	phase, message, results := common.OperationRunning, "", []common.ResourceSyncResult(nil)
	started := metav1.Now()
	for !phase.Completed() && time.Now().Before(end) {
		pairs, err := it.reconcile()
		if err != nil {
			return nil, err
		}
		options := append(it.options(), sync.WithInitialState(phase, message, results, started))
		step, cleanup, err := sync.NewSyncContext("revision", pairs, it.config, it.config, it.kubectl, it.Namespace, options...)
		if err != nil {
			return nil, err
		}
		step.Sync()
		phase, message, results = step.GetState()
		cleanup()
		// What was written comes back by a watch.
		time.Sleep(100 * time.Millisecond)
	}
	return &outcome{phase, message, it.resources(results)}, nil
}

// options are those of the controller (controller/sync.go, SyncAppState).
func (it *engine) options() []sync.SyncOpt {
	has := it.SyncOptions.HasOption
	foreground := metav1.DeletePropagationForeground
	options := []sync.SyncOpt{
		sync.WithLogr(logr.Discard()),
		sync.WithHealthOverride(it.Settings.health()),
		sync.WithOperationSettings(false, true, false, false),
		sync.WithResourcesFilter(func(_ kube.ResourceKey, wanted, live *unstructured.Unstructured) bool { return it.isOurs(live, wanted) }),
		sync.WithManifestValidation(true),
		sync.WithPruneLast(has(common.SyncOptionPruneLast)),
		sync.WithPrunePropagationPolicy(&foreground),
		sync.WithPruneConfirmed(it.Confirmed),
		sync.WithServerSideApply(has(common.SyncOptionServerSideApply)),
		sync.WithServerSideApplyManager(applyManager),
	}
	if has("CreateNamespace=true") {
		isNew := func(wanted, live *unstructured.Unstructured) (bool, error) { return wanted != nil && live == nil, nil }
		options = append(options, sync.WithNamespaceModifier(isNew))
	}
	return options
}

// resources gives results in the order in which the tasks ran.
func (it *engine) resources(results []common.ResourceSyncResult) []resource {
	slices.SortStableFunc(results, func(a, b common.ResourceSyncResult) int { return a.Order - b.Order })
	resources := []resource{}
	for _, result := range results {
		key := result.ResourceKey
		resources = append(resources, resource{key.Kind, key.Name, result.Status, result.HookPhase, result.Message})
	}
	return resources
}
