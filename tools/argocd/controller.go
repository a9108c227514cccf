package main

import (
	"context"
	"fmt"
	"time"

	"github.com/argoproj/argo-cd/v3/commitserver/apiclient"
	"github.com/argoproj/argo-cd/v3/controller"
	"github.com/argoproj/argo-cd/v3/controller/sharding"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/pkg/client/clientset/versioned"
	repository "github.com/argoproj/argo-cd/v3/reposerver/apiclient"
	"github.com/argoproj/argo-cd/v3/util/argo"
	"github.com/argoproj/argo-cd/v3/util/argo/normalizers"
	"github.com/argoproj/argo-cd/v3/util/cache/appstate"
	"github.com/argoproj/argo-cd/v3/util/cli"
	"github.com/argoproj/argo-cd/v3/util/kube"
	configuration "github.com/argoproj/argo-cd/v3/util/settings"
	"github.com/argoproj/argo-cd/v3/util/tls"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// newController is the application-controller with the defaults of its own command, which would serve its metrics to
// everybody (controller/appcontroller.go); this one listens on 127.0.0.1.
func newController() *cobra.Command {
	var (
		access  clientcmd.ClientConfig
		cache   func() (*appstate.Cache, error)
		server  string
		metrics int
	)
	command := &cobra.Command{Use: "argocd-application-controller", RunE: func(command *cobra.Command, _ []string) error {
		controller, err := assemble(command.Context(), access, cache, server)
		if err != nil {
			return err
		}
		controller.GetMetricsServer().Addr = fmt.Sprintf("127.0.0.1:%d", metrics)
		controller.Run(command.Context(), 20, 10, 5)
		return nil
	}}
	access = cli.AddKubectlFlagsToCmd(command)
	cache = appstate.AddCacheFlagsToCmd(command)
	command.Flags().StringVar(&server, "repo-server", "", "address of the repo-server")
	command.Flags().IntVar(&metrics, "metrics-port", 0, "port of the metrics")
	return command
}

func assemble(ctx context.Context, access clientcmd.ClientConfig, cache func() (*appstate.Cache, error), server string) (*controller.ApplicationController, error) {
	namespace, _, err := access.Namespace()
	if err != nil {
		return nil, err
	}
	config, err := access.ClientConfig()
	if err != nil {
		return nil, err
	}
	if err := v1alpha1.SetK8SConfigDefaults(config); err != nil {
		return nil, err
	}
	state, err := cache()
	if err != nil {
		return nil, err
	}
	client := kubernetes.NewForConfigOrDie(config)
	manager := configuration.NewSettingsManager(ctx, client, namespace)
	shards, err := sharding.GetClusterSharding(client, manager, "legacy", false)
	if err != nil {
		return nil, err
	}
	backoff := &wait.Backoff{Duration: 2 * time.Second, Factor: 3, Cap: 5 * time.Minute}
	return controller.NewApplicationController(
		namespace, manager, client, versioned.NewForConfigOrDie(config),
		repository.NewRepoServerClientset(server, 60, tls.Configuration{DisableTLS: true}),
		apiclient.NewCommitServerClientset(""), state, kube.NewKubectl(),
		2*time.Minute, 0, time.Minute, 0, backoff, 0, 3*time.Minute,
		0, 0, nil, nil, nil, 20, false, shards, nil, nil, false, false,
		normalizers.IgnoreNormalizerOpts{}, argo.DefaultEnableEventList(), false)
}
