// Programs of Argo CD, and clients that ask what its controller asks, as one: the first argument says which of them to be.
//
// A client reads one question from stdin, as JSON, and writes the answer to stdout, as JSON. If there is none, it writes
// why to stderr.
package main

import (
	"fmt"
	"os"

	"github.com/alicebob/miniredis/v2"
	applicationset "github.com/argoproj/argo-cd/v3/cmd/argocd-applicationset-controller/commands"
	cmp "github.com/argoproj/argo-cd/v3/cmd/argocd-cmp-server/commands"
	repo "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/spf13/cobra"
)

func main() {
	if len(os.Args) < 2 {
		fail("which program?")
	}
	os.Args = os.Args[1:]
	switch os.Args[0] {
	case "argocd-application-controller":
		run(withRedis(newController))
	case "argocd-applicationset-controller":
		run(applicationset.NewCommand)
	case "argocd-cmp-server":
		run(cmp.NewCommand)
	case "argocd-repo-server":
		run(withRedis(repo.NewCommand))
	case "generate":
		answer(generate)
	case "parameters":
		answer(parameters)
	case "sync":
		answer(synchronize)
	case "compare":
		answer(compare)
	case "health":
		answer(judge)
	default:
		fail("no such program: " + os.Args[0])
	}
}

func run(command func() *cobra.Command) {
	if err := command().Execute(); err != nil {
		os.Exit(1)
	}
}

// withRedis gives a program a cache of its own, unless it is told where one is. It listens on 127.0.0.1, and ends with
// the program.
func withRedis(command func() *cobra.Command) func() *cobra.Command {
	return func() *cobra.Command {
		if os.Getenv("REDIS_SERVER") == "" {
			redis, err := miniredis.Run()
			if err != nil {
				fail(err.Error())
			}
			os.Setenv("REDIS_SERVER", redis.Addr())
		}
		return command()
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(2)
}
