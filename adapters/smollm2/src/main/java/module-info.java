/** SmolLM2-135M-Instruct, the default language model. Resources only. */
@SuppressWarnings("module") // the digit is part of the model's name
module dev.terrarium.smollm2 {}
