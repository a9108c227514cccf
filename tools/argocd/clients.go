package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/argoproj/argo-cd/v3/reposerver/apiclient"
	"github.com/argoproj/argo-cd/v3/util/tls"
)

// answer is a client: a question of its own type in, an answer out.
func answer[Question, Answer any](client func(context.Context, Question) (Answer, error)) {
	var question Question
	if err := json.NewDecoder(os.Stdin).Decode(&question); err != nil {
		fail(err.Error())
	}
	answer, err := client(context.Background(), question)
	if err != nil {
		fmt.Fprint(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		fail(err.Error())
	}
}

// toServer is a question to a repo-server, and how long it may take.
type toServer[Request any] struct {
	Server  string
	Seconds int
	Request Request
}

func (question toServer[Request]) ask(ctx context.Context, ask func(context.Context, apiclient.RepoServerServiceClient) error) error {
	clients := apiclient.NewRepoServerClientset(question.Server, question.Seconds, tls.Configuration{DisableTLS: true})
	connection, client, err := clients.NewRepoServerClient()
	if err != nil {
		return err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Duration(question.Seconds)*time.Second)
	defer cancel()
	return ask(ctx, client)
}

// generate gives the objects of an Application, or the whole message of its condition ComparisonError. The controller
// puts the beginning in front (controller/state.go, CompareAppState and GetRepoObjs).
func generate(ctx context.Context, question toServer[apiclient.ManifestRequest]) ([]json.RawMessage, error) {
	objects := []json.RawMessage{}
	err := question.ask(ctx, func(ctx context.Context, server apiclient.RepoServerServiceClient) error {
		response, err := server.GenerateManifest(ctx, &question.Request)
		if err != nil {
			return fmt.Errorf("Failed to load target state: failed to generate manifest for source 1 of 1: %w", err)
		}
		for _, object := range response.Manifests {
			objects = append(objects, json.RawMessage(object))
		}
		return nil
	})
	return objects, err
}

// parameters gives what a plugin announces, as the web page of an Application shows it.
func parameters(ctx context.Context, question toServer[apiclient.RepoServerAppDetailsQuery]) ([]*apiclient.ParameterAnnouncement, error) {
	var parameters []*apiclient.ParameterAnnouncement
	err := question.ask(ctx, func(ctx context.Context, server apiclient.RepoServerServiceClient) error {
		response, err := server.GetAppDetails(ctx, &question.Request)
		if err != nil {
			return err
		}
		parameters = response.Plugin.ParametersAnnouncement
		return nil
	})
	return parameters, err
}
