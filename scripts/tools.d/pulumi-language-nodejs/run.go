package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// bailExit is the code with which cmd/run says "the user has been told already".
const bailExit = 32

func (h *host) Run(ctx context.Context, r *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	info := r.GetInfo()
	opts, err := readOptions(info.GetOptions())
	if err != nil {
		return nil, err
	}
	runner, err := resolve(ctx, info.GetProgramDirectory(), "@pulumi/pulumi/cmd/run")
	if err != nil {
		return &pulumirpc.RunResponse{Error: err.Error()}, nil
	}

	// The Node SDK reads configuration keys in the long form <namespace>:config:<name> too.
	config := map[string]string{}
	for k, v := range r.GetConfig() {
		ns, name, ok := strings.Cut(k, ":")
		if ok && !strings.HasPrefix(name, "config:") {
			k = ns + ":config:" + name
		}
		config[k] = v
	}
	cfg, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	secretKeys := r.GetConfigSecretKeys()
	if secretKeys == nil {
		secretKeys = []string{}
	}
	secrets, err := json.Marshal(secretKeys)
	if err != nil {
		return nil, err
	}

	args := append([]string{}, opts.nodeargs...)
	args = append(args, runner)
	flagArg := func(k, v string) {
		if v != "" {
			args = append(args, "--"+k, v)
		}
	}
	flagArg("monitor", r.GetMonitorAddress())
	flagArg("engine", h.engine)
	flagArg("organization", r.GetOrganization())
	flagArg("project", r.GetProject())
	flagArg("root-directory", info.GetRootDirectory())
	flagArg("stack", r.GetStack())
	flagArg("pwd", r.GetPwd())
	flagArg("parallel", fmt.Sprint(r.GetParallel()))
	if r.GetDryRun() {
		args = append(args, "--dry-run")
	}
	entry := info.GetEntryPoint()
	if entry == "" {
		entry = "."
	}
	args = append(args, entry)
	args = append(args, r.GetArgs()...)

	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Dir = r.GetPwd()
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "PULUMI_CONFIG="+string(cfg), "PULUMI_CONFIG_SECRET_KEYS="+string(secrets))
	if opts.typescript {
		cmd.Env = append(cmd.Env, "PULUMI_NODEJS_TYPESCRIPT=true")
	}
	if opts.tsconfig != "" {
		cmd.Env = append(cmd.Env, "PULUMI_NODEJS_TSCONFIG_PATH="+opts.tsconfig)
	}
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			if exit.ExitCode() == bailExit {
				return &pulumirpc.RunResponse{Bail: true}, nil
			}
			return &pulumirpc.RunResponse{Error: fmt.Sprintf("program exited with code %d", exit.ExitCode())}, nil
		}
		return nil, err
	}
	return &pulumirpc.RunResponse{}, nil
}

// RunPlugin starts a policy pack (kind analyzer) or a provider written in Node.
func (h *host) RunPlugin(r *pulumirpc.RunPluginRequest, s grpc.ServerStreamingServer[pulumirpc.RunPluginResponse]) error {
	ctx := s.Context()
	info := r.GetInfo()
	dir := info.GetProgramDirectory()
	opts, err := readOptions(info.GetOptions())
	if err != nil {
		return err
	}
	module := "@pulumi/pulumi/cmd/run-plugin"
	if r.GetKind() == "analyzer" {
		module = "@pulumi/pulumi/cmd/run-policy-pack"
	}
	runner, err := resolve(ctx, dir, module)
	if err != nil {
		return err
	}
	args := append([]string{}, opts.nodeargs...)
	args = append(args, runner)
	if r.GetKind() == "analyzer" {
		args = append(args, r.GetArgs()...)
		args = append(args, dir)
	} else {
		args = append(args, dir)
		args = append(args, r.GetArgs()...)
	}
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Dir = r.GetPwd()
	if r.GetKind() == "analyzer" {
		cmd.Dir = dir
	}
	cmd.Env = append(os.Environ(), r.GetEnv()...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	errs, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := make(chan *pulumirpc.RunPluginResponse)
	done := make(chan struct{}, 2)
	pump := func(sc *bufio.Reader, wrap func([]byte) *pulumirpc.RunPluginResponse) {
		for {
			line, err := sc.ReadBytes('\n')
			if len(line) > 0 {
				lines <- wrap(line)
			}
			if err != nil {
				done <- struct{}{}
				return
			}
		}
	}
	go pump(bufio.NewReader(out), func(b []byte) *pulumirpc.RunPluginResponse {
		return &pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: b}}
	})
	go pump(bufio.NewReader(errs), func(b []byte) *pulumirpc.RunPluginResponse {
		return &pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stderr{Stderr: b}}
	})
	for open := 2; open > 0; {
		select {
		case m := <-lines:
			if err := s.Send(m); err != nil {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
				return err
			}
		case <-done:
			open--
		}
	}
	code := int32(0)
	if err := cmd.Wait(); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			return err
		}
		code = int32(exit.ExitCode())
	}
	return s.Send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: code}})
}
