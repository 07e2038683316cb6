package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// Record types of FastCGI 1.0.
const (
	fcgiBegin  = 1
	fcgiEnd    = 3
	fcgiParams = 4
	fcgiStdin  = 5
	fcgiStdout = 6
	fcgiStderr = 7
)

// fcgi asks a FastCGI responder on a Unix socket by one connection a request,
// as web servers do without a pool. It gives the status and the body.
func fcgi(ctx context.Context, socket string, params [][2]string) (int, []byte, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return 0, nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // what waits for it ends with an error
	defer stop()
	var names bytes.Buffer
	for _, p := range params {
		for _, s := range p {
			names.Write(binary.BigEndian.AppendUint32(nil, uint32(len(s))|1<<31))
		}
		names.WriteString(p[0] + p[1])
	}
	if names.Len() > 65535 {
		return 0, nil, errors.New("the parameters are too long for one record")
	}
	var out bytes.Buffer
	record := func(kind byte, body []byte) {
		out.Write([]byte{1, kind, 0, 1, byte(len(body) >> 8), byte(len(body)), 0, 0})
		out.Write(body)
	}
	record(fcgiBegin, []byte{0, 1, 0, 0, 0, 0, 0, 0}) // a responder; the connection ends with the request
	record(fcgiParams, names.Bytes())
	record(fcgiParams, nil)
	record(fcgiStdin, nil)
	if _, err := conn.Write(out.Bytes()); err != nil {
		return 0, nil, err
	}
	answer, err := fcgiAnswer(bufio.NewReaderSize(conn, 64<<10))
	if err != nil {
		return 0, nil, err
	}
	head, body, ok := bytes.Cut(answer, []byte("\r\n\r\n"))
	if !ok {
		return 0, nil, fmt.Errorf("an answer without headers: %.200q", answer)
	}
	status := 200
	for line := range strings.Lines(string(head)) {
		if v, ok := strings.CutPrefix(line, "Status: "); ok {
			if status, err = strconv.Atoi(strings.Fields(v)[0]); err != nil {
				return 0, nil, err
			}
		}
	}
	return status, body, nil
}

// fcgiAnswer puts the records of the standard output together.
func fcgiAnswer(r io.Reader) ([]byte, error) {
	var out, said bytes.Buffer
	var head [8]byte
	for {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return nil, fmt.Errorf("%w; it said %q", err, said.String())
		}
		n, pad := int64(head[4])<<8|int64(head[5]), int64(head[6])
		to := io.Discard
		switch head[1] {
		case fcgiStdout:
			to = &out
		case fcgiStderr:
			to = &said
		}
		if _, err := io.CopyN(to, r, n); err != nil {
			return nil, err
		}
		if _, err := io.CopyN(io.Discard, r, pad); err != nil {
			return nil, err
		}
		if head[1] == fcgiEnd {
			return out.Bytes(), nil
		}
	}
}
