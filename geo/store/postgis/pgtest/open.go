package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
)

// Open is a private server for what is no test, such as a benchmark. Settings
// are lines of postgresql.conf ("shared_buffers = '1GB'"). Close ends it.
func Open(ctx context.Context, settings ...string) (*Server, error) {
	s, err := newServer(ctx)
	if err != nil || len(settings) == 0 {
		return s, err
	}
	for _, line := range settings {
		name, value, _ := strings.Cut(line, "=")
		if err = s.exec(ctx, "postgres", fmt.Sprintf("ALTER SYSTEM SET %s = %s", strings.TrimSpace(name), strings.TrimSpace(value))); err != nil {
			break
		}
	}
	if err == nil { // the server is stopped as if it had crashed
		err = s.exec(ctx, template, "CHECKPOINT")
	}
	if err == nil {
		err = s.Stop()
	}
	if err == nil {
		err = s.Start(ctx)
	}
	if err != nil {
		s.end()
		return nil, err
	}
	return s, nil
}

// Create makes a database with PostGIS and gives its URL.
func (s *Server) Create(ctx context.Context) (string, error) {
	name := "d_" + strings.ToLower(rand.Text()[:12])
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url(User, s.password, name), s.exec(ctx, "postgres", "CREATE DATABASE "+name+" TEMPLATE "+template)
}

// Close ends the server and removes its files.
func (s *Server) Close() { s.end() }
