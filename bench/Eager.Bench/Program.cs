using Eager;
using Eager.Bench;

switch (args)
{
    case ["serve", var data, var threads]:
        new EagerServer(data, int.Parse(threads, System.Globalization.CultureInfo.InvariantCulture)).Serve();
        return 0;
    case ["once"]:
        Console.WriteLine(Tensor.Ones([3]).Sum().Item());
        return 0;
    default:
        return Options.Parse(args) is { } options ? new BenchmarkRun(options).Execute() : 2;
}
