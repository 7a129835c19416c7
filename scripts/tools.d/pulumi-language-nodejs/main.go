// Command pulumi-language-nodejs is a small Node.js language host for the Pulumi engine: it speaks the
// LanguageRuntime gRPC service and starts the runners that the npm package @pulumi/pulumi ships
// (cmd/run, cmd/run-policy-pack, cmd/run-plugin). It is ours, not Pulumi's: it lets the tests drive the
// plain CLI where Pulumi's own host, which comes with its installer, is absent.
// It has no debugger attach, no code generation and no pack or link.
//
// Options it takes from Pulumi.yaml (runtime.options): typescript (bool, default true), nodeargs
// (string), tsconfig (string).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

func main() {
	// The SDK's logging package already owns names such as -v on the global flag set.
	flags := flag.NewFlagSet("pulumi-language-nodejs", flag.ExitOnError)
	flags.String("tracing", "", "ignored")
	flags.String("root", "", "ignored")
	flags.Bool("logtostderr", false, "ignored")
	flags.Bool("logflow", false, "ignored")
	flags.Int("v", 0, "ignored")
	_ = flags.Parse(os.Args[1:])
	engine := flags.Arg(0)

	ctx, cancel := context.WithCancel(context.Background())
	stop := make(chan bool)
	go func() { <-ctx.Done(); close(stop) }()
	if engine != "" {
		if err := rpcutil.Healthcheck(ctx, engine, 5*time.Minute, cancel); err != nil {
			fail(err)
		}
	}
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: stop,
		Init: func(s *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(s, &host{engine: engine})
			return nil
		},
	})
	if err != nil {
		fail(err)
	}
	fmt.Println(handle.Port)
	if err := <-handle.Done; err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "pulumi-language-nodejs:", err)
	os.Exit(1)
}

type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	engine string
}

type options struct {
	typescript bool
	nodeargs   []string
	tsconfig   string
}

func readOptions(s *structpb.Struct) (options, error) {
	o := options{typescript: true}
	for k, v := range s.GetFields() {
		switch k {
		case "typescript":
			if b, ok := v.GetKind().(*structpb.Value_BoolValue); ok {
				o.typescript = b.BoolValue
			} else {
				return o, errors.New("runtime option typescript must be a boolean")
			}
		case "nodeargs":
			o.nodeargs = strings.Fields(v.GetStringValue())
		case "tsconfig":
			o.tsconfig = v.GetStringValue()
		}
	}
	return o, nil
}

// resolve finds a module the way Node would from dir.
func resolve(ctx context.Context, dir, module string) (string, error) {
	cmd := exec.CommandContext(ctx, "node", "-e", "process.stdout.write(require.resolve(process.argv[1]))", module)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s not found from %s: run npm ci there", module, dir)
	}
	return string(out), nil
}

func (h *host) Handshake(_ context.Context, r *pulumirpc.LanguageHandshakeRequest) (*pulumirpc.LanguageHandshakeResponse, error) {
	h.engine = r.GetEngineAddress()
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

func (h *host) About(ctx context.Context, _ *pulumirpc.AboutRequest) (*pulumirpc.AboutResponse, error) {
	bin, err := exec.LookPath("node")
	if err != nil {
		return nil, err
	}
	v, err := exec.CommandContext(ctx, bin, "--version").Output()
	if err != nil {
		return nil, err
	}
	return &pulumirpc.AboutResponse{Executable: bin, Version: strings.TrimSpace(string(v))}, nil
}
func (h *host) RuntimeOptionsPrompts(context.Context, *pulumirpc.RuntimeOptionsRequest) (*pulumirpc.RuntimeOptionsResponse, error) {
	return &pulumirpc.RuntimeOptionsResponse{}, nil
}

func (h *host) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}
