package api_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"contado/api"
	"contado/api/apitest"
)

// land is one installation for all tests of the package: they only read.
var land *apitest.Land

// ask asks the land's server.
var ask *apitest.Client

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "contado-api-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if land, err = apitest.NewLand(context.Background(), dir, api.Limits{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ask = &apitest.Client{Handler: land.Server.Handler()}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- land.Work(ctx) }()
	code := m.Run()
	stop()
	if err := <-done; err != nil {
		fmt.Fprintln(os.Stderr, "jobs:", err)
		code = 1
	}
	if err := land.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "close:", err)
		code = 1
	}
	return code
}
