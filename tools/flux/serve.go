package main

import (
	"net/http"
	"net/http/cgi"
	"os/exec"
)

// serveRepositories has Git itself answer, because Flux reads only what knows the protocol.
func serveRepositories(directory, address string) error {
	git, err := exec.LookPath("git")
	if err != nil {
		return err
	}
	return http.ListenAndServe(address, &cgi.Handler{
		Path: git,
		Args: []string{"http-backend"},
		Env:  []string{"GIT_PROJECT_ROOT=" + directory, "GIT_HTTP_EXPORT_ALL=1"},
	})
}
