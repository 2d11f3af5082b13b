namespace FashionMnistExample;

/// <summary>The models to choose from, for pictures of one shape.</summary>
internal static class Models
{
    internal static readonly string[] Names = ["logistic", "mlp", "cnn"];

    /// <summary>The shape in which a model takes a picture of a height and width.</summary>
    internal static Shape PictureShape(string model, Shape picture) =>
        model == "cnn" ? [picture[0], picture[1], 1] : [picture.ElementCount];

    internal static Sequential Create(string model, Shape inputShape, int classes) => model switch
    {
        "logistic" => [new Dense(classes, inputShape: inputShape)],
        "mlp" =>
        [
            new Dense(256, "relu", inputShape: inputShape),
            new Dense(256, "relu"),
            new Dense(classes),
        ],
        _ =>
        [
            new Conv2D(32, 3, strides: 2, activation: "relu", inputShape: inputShape),
            new Conv2D(64, 3, strides: 2, activation: "relu"),
            new Flatten(),
            new Dropout(0.5),
            new Dense(classes),
        ],
    };
}
