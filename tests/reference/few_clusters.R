# Errors and degrees of freedom where clusters are few, with R: clubSandwich (CR2, CR3, Satterthwaite), sandwich (vcovCL
# two-way), survey (Rao and Scott). Rows are made up here; run in this folder, after penalty_models.R: Rscript few_clusters.R
suppressMessages({library(clubSandwich); library(sandwich); library(survey)})
set.seed(20151124)
n <- 240
officer <- sample(14, n, TRUE, (1:14)^2)
complaint <- sample(90, n, TRUE)
d <- data.frame(officer, complaint, unit = officer %% 3 == 0, rank = rbinom(n, 1, .3), late = rbinom(n, 1, .5))
lean <- -.7 + .5 * d$unit + .4 * d$rank + rnorm(14, 0, .6)[officer] + rnorm(90, 0, .6)[complaint]
d$unit <- as.integer(d$unit)
d$days <- round(100 + 20 * lean + rnorm(n, 0, 15), 2)
d$hit <- as.integer(lean + rlogis(n) > 0)
write.csv(d, "few_clusters_rows.csv", row.names = FALSE, quote = FALSE)

out <- data.frame()
keep <- function(model, what, name, value) {
  out <<- rbind(out, data.frame(model = model, what = what, name = name, value = sprintf("%.10f", value)))
}
errors <- function(v) sqrt(diag(v))
# a logit as a linear model at its solution: residuals and design times the root of the working weight
working <- function(model) {
  w <- sqrt(model$weights)
  x <- model.matrix(model)
  lm(z ~ 0 + x, list(z = w * (drop(x %*% coef(model)) + residuals(model, "working")), x = w * x))
}
tested <- function(name, model, cluster) {
  found <- coef_test(model, vcov = "CR2", cluster = cluster, test = "Satterthwaite")
  keep(name, "coefficient", rownames(found), coef(model))
  keep(name, "CR2", rownames(found), found$SE)
  keep(name, "df", rownames(found), found$df_Satt)
  keep(name, "CR3", rownames(found), errors(vcovCR(model, cluster, "CR3")))
  for (last in unique(c(3, length(coef(model))))) {
    found <- Wald_test(model, constrain_zero(2:last), vcov = "CR2", cluster = cluster, test = "HTZ")
    free <- found$df_denom + found$df_num - 1  # of Hotelling's T-squared, whose statistic this is
    values <- c(found$Fstat * found$df_num * free / found$df_denom, free, found$p_val)
    keep(name, "HTZ", paste(c("statistic", "df", "p"), last), values)
  }
}
tested("linear", lm(days ~ unit + rank + late, d), d$officer)
logit <- glm(hit ~ unit + rank + late, binomial, d, control = list(epsilon = 1e-14, maxit = 100))
tested("logit", working(logit), d$officer)
keep("logit as clubSandwich takes a glm", "CR2", names(coef(logit)), errors(vcovCR(logit, d$officer, "CR2")))
ways <- d[c("officer", "complaint")]
keep("logit", "two-way", names(coef(logit)), errors(vcovCL(logit, ways, type = "HC1", fix = FALSE)))
# two ways of three clusters each, where the three terms have a negative eigenvalue
linear <- lm(days ~ unit + rank + late, d)
few <- data.frame(officer = d$officer %% 3, complaint = d$complaint %% 3)
keep("repaired", "eigenvalue", "least", min(eigen(vcovCL(linear, few, type = "HC1", fix = FALSE))$values))
keep("repaired", "two-way", names(coef(linear)), errors(vcovCL(linear, few, type = "HC1", fix = TRUE)))
p <- read.csv("penalty_rows.csv")
p$rank <- relevel(factor(p$rank), "officer")
tested("penalty", working(glm(hit ~ black + internal + rank, binomial, p, control = list(epsilon = 1e-14, maxit = 100))), p$officer)
drawn <- svydesign(~officer, data = p, weights = ~1)
for (name in c("hit", "rung", "internal")) {
  found <- svychisq(as.formula(paste("~rank +", name)), drawn, statistic = "F")
  keep("Rao-Scott", name, c("statistic", "df"), c(found$statistic, found$parameter[1]))
}
write.csv(out, "few_clusters.csv", row.names = FALSE, quote = FALSE)
